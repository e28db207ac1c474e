"""Where in a repository a session was started, seen from its worktree."""

from __future__ import annotations

from pathlib import Path

import pytest

from parallel_agents.supervisor.started import subdirectory


@pytest.fixture
def record(tmp_path: Path) -> dict[str, str]:
    for name in ("shop/web/app", "shop/new", "shop/.claude/worktrees/w/web/app"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "shop/web")
    shop = tmp_path / "shop"
    return {"checkout": str(shop), "path": str(shop / ".claude/worktrees/w"), "kind": "worktree"}


@pytest.mark.parametrize(
    ("directory", "found"),
    [
        ("shop", ""), ("shop/web", "web"), ("shop/web/app", "web/app"), ("link", "web"),
        ("shop/new", ""), ("shop/gone", ""), (".", ""), ("elsewhere", ""),
        ("shop/web/../web", "web"),
    ],
)  # fmt: skip
def test_it_is_found(directory: str, found: str, record: dict[str, str], tmp_path: Path) -> None:
    assert subdirectory(record, str(tmp_path / directory)) == found


def test_only_worktrees_of_ours_have_one(record: dict[str, str], tmp_path: Path) -> None:
    directory = str(tmp_path / "shop/web")
    assert subdirectory({**record, "kind": "checkout"}, directory) == ""
    assert subdirectory({**record, "checkout": ""}, directory) == ""
    assert subdirectory({}, directory) == ""
