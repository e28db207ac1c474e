"""Each kind of place is in every table: a session of one that is not could not be looked at."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest
from msgspec.structs import replace

from parallel_agents.core.kinds import Kind, traits_of
from parallel_agents.worktrees import kinds
from parallel_agents.worktrees.look.identity import admin_dir, lock_of, verify
from tests.support.facts import RECORD

KINDS: tuple[Kind, ...] = get_args(Kind)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_known(kind: Kind, tmp_path: Path) -> None:
    record = replace(RECORD, kind=kind, path=str(tmp_path / "gone"))
    assert record.traits == traits_of(kind)
    assert kinds.of(record)
    assert "is missing" in (verify(record) or "")
    assert admin_dir(record) == Path("/r/.git/worktrees/w")


def test_what_is_locked_is_what_may_change() -> None:
    locks = {kind: lock_of(replace(RECORD, kind=kind)) for kind in KINDS}
    assert locks == {"worktree": "/r/.git", "checkout": "/r", "directory": "/r"}
