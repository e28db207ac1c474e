"""Directories of git's that are closed, or read-only: nothing is stranded, and that is said."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from parallel_agents.core.errors import GitError, StorageError
from parallel_agents.worktrees.manager import WorktreeManager
from parallel_agents.worktrees.remove.reconcile import reconcile
from tests.worktrees.conftest import git, none_alive
from tests.worktrees.test_untakable import Scene, scene as scene

_PLACES = (
    "worktrees", "worktrees/fix-login", "refs", "refs/heads", "refs/parallel-agents", "objects",
    "logs", "logs/refs/heads", "info", "",
)  # fmt: skip


def _or_said(act: Callable[[], object]) -> bool:
    """Whether it was done; what hinders it is typed, in words."""
    try:
        act()
    except (StorageError, GitError):
        return False
    return True


@pytest.mark.parametrize("mode", [0, 0o500])
@pytest.mark.parametrize("name", _PLACES)
def test_a_closed_directory_of_gits_strands_nothing(name: str, mode: int, scene: Scene) -> None:
    closed = scene.repo / ".git" / name
    closed.mkdir(exist_ok=True)
    before = closed.stat().st_mode
    manager = WorktreeManager(scene.state)
    closed.chmod(mode)
    try:
        _or_said(lambda: manager.verify(scene.record))
        _or_said(lambda: manager.protection(scene.record))
        _or_said(lambda: manager.diff_stat(scene.record))
        done = _or_said(lambda: manager.delete(scene.record, live_pids=none_alive))
        back = done and _or_said(lambda: manager.restore("s1"))
    finally:
        if closed.exists():
            closed.chmod(before)
    if not done:
        manager.delete(scene.record, live_pids=none_alive)
    if not back:
        manager.restore("s1")
    assert manager.verify(scene.record) is None
    assert (scene.top / "new.txt").read_text() == "new\n"
    assert git(scene.top, "symbolic-ref", "HEAD") == f"refs/heads/{scene.record.branch}"
    assert git(scene.top, "diff", "--cached", "--name-only") == "staged.txt"


@pytest.mark.parametrize("name", ["worktrees", ""])
def test_a_closed_directory_of_gits_is_a_finding(name: str, scene: Scene) -> None:
    closed = scene.repo / ".git" / name
    before = closed.stat().st_mode
    closed.chmod(0)
    try:
        if os.access(Path(closed, "x").parent, os.X_OK):
            pytest.skip("needs a user whom closed directories stop")
        found = reconcile([scene.record])
    finally:
        closed.chmod(before)
    assert [finding.kind for finding in found if finding.session == "s1"] == ["closed"]
