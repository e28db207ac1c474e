"""Where in a repository a session was started, seen from its worktree."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.supervisor.run.start_subdirectory import subdirectory
from tests.support.facts import RECORD


@pytest.fixture
def record(tmp_path: Path) -> WorktreeRecord:
    for name in ("shop/web/app", "shop/new", "shop/.claude/worktrees/w/web/app"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "shop/web")
    shop = tmp_path / "shop"
    path = str(shop / ".claude/worktrees/w")
    return replace(RECORD, checkout=str(shop), path=path)


@pytest.mark.parametrize(
    ("directory", "found"),
    [
        ("shop", ""), ("shop/web", "web"), ("shop/web/app", "web/app"), ("link", "web"),
        ("shop/new", ""), ("shop/gone", ""), (".", ""), ("elsewhere", ""),
        ("shop/web/../web", "web"),
    ],
)  # fmt: skip
def test_it_is_found(directory: str, found: str, record: WorktreeRecord, tmp_path: Path) -> None:
    assert subdirectory(record, str(tmp_path / directory)) == found


def test_only_worktrees_of_ours_have_one(record: WorktreeRecord, tmp_path: Path) -> None:
    directory = str(tmp_path / "shop/web")
    assert subdirectory(replace(record, kind="checkout"), directory) == ""
    assert subdirectory(replace(record, checkout=""), directory) == ""
    assert subdirectory(None, directory) == ""
