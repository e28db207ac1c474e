"""What a comparison says of files that a tree does not hold, and of times that nobody had."""

from __future__ import annotations

import pytest

from parallel_agents.core.worktree import DiffPart, FileStat
from parallel_agents.supervisor.sessions.last_turn import paired
from parallel_agents.supervisor.sessions.scopes import _clock, with_left_out


def stat(path: str, note: str = "") -> FileStat:
    return FileStat(
        path=path, old_path=None, status="M", insertions=1, deletions=0, binary=False, note=note
    )


def test_files_that_were_left_out_are_named_in_every_scope() -> None:
    found = with_left_out((stat("a"), stat("b")), (stat("b", "too large"), stat("d", "not read")))
    assert found == (stat("a"), stat("b", "too large"), stat("d", "not read"))


def test_a_part_without_an_earlier_tree_keeps_its_own_base() -> None:
    top = DiffPart(base="1" * 40, tree="2" * 40)
    inner = DiffPart(base="3" * 40, tree="4" * 40, prefix="lib/")
    assert paired({"": "5" * 40, "gone/": "6" * 40}, (top, inner)) == (
        DiffPart(base="5" * 40, tree="2" * 40),
        inner,
    )


@pytest.mark.parametrize("at", [-1, 0, 1, 1 << 40, 1 << 63])
def test_any_time_can_be_said(at: int) -> None:
    assert ":" in _clock(at)
