"""A pipe that an agent puts in place of a file that git reads holds nobody up."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from parallel_agents.core.errors import RefusedError
from parallel_agents.worktrees.look import exclude
from parallel_agents.worktrees.manager import WorktreeManager
from parallel_agents.worktrees.plumbing.git_process import Task, run
from parallel_agents.worktrees.plumbing.pipes import Pipes
from parallel_agents.worktrees.settings import hooks
from tests.worktrees.conftest import git, none_alive, write
from tests.worktrees.test_untakable import Scene, scene as scene

_IN_WORKTREE = (
    ".gitignore", "src/.gitignore", "sub/.gitignore", ".gitattributes", "src/.gitattributes",
    ".gitmodules", ".mailmap",
)  # fmt: skip
_IN_ADMIN = ("index", "HEAD", "commondir", "config.worktree", "logs/HEAD", "MERGE_HEAD")
_IN_COMMON = (
    "HEAD", "info/exclude", "info/attributes", "info/grafts", "config", "packed-refs", "shallow",
    "objects/info/alternates", "objects/info/commit-graph", "refs/stash", "refs/heads/main",
    "parallel-agents-reflog",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A git that waits at a pipe until its deadline fails the test."""

    def once(task: Task) -> object:
        result = run(task)
        assert result.returncode != -15, task.args
        return result

    monkeypatch.setattr("parallel_agents.worktrees.plumbing.git.READ_SECONDS", 20.0)
    monkeypatch.setattr("parallel_agents.worktrees.plumbing.git.git_process.run", once)


def _pipe(path: Path, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path, mode)
    return path


@pytest.mark.parametrize("name", _IN_WORKTREE)
def test_a_pipe_in_the_worktree_is_kept_like_all_else(name: str, scene: Scene) -> None:
    pipe = _pipe(scene.top / name)
    manager = WorktreeManager(scene.state)
    assert "new.txt" in [file.path for file in manager.diff_stat(scene.record).files]
    entry = manager.delete(scene.record, live_pids=none_alive)
    assert "1 untracked file" in entry.saved
    assert git(scene.repo, "show", f"{entry.refs[0]}:new.txt") == "new"
    manager.restore("s1")
    assert stat.S_ISFIFO(pipe.lstat().st_mode)
    assert (scene.top / "new.txt").read_text() == "new\n"


def test_a_pipe_that_may_be_read_only_keeps_its_rights(scene: Scene) -> None:
    pipe = _pipe(scene.top / ".gitignore", 0o400)
    manager = WorktreeManager(scene.state)
    manager.delete(scene.record, live_pids=none_alive)
    manager.restore("s1")
    assert stat.S_IMODE(pipe.lstat().st_mode) == 0o400


@pytest.mark.parametrize("name", _IN_ADMIN)
def test_a_pipe_in_gits_directory_for_the_worktree_holds_nothing_up(
    name: str, scene: Scene
) -> None:
    _pipe(scene.admin / name)
    manager = WorktreeManager(scene.state)
    manager.delete(scene.record, live_pids=none_alive)
    assert manager.verify(manager.restore("s1")) is None
    assert (scene.top / "new.txt").read_text() == "new\n"
    assert (scene.top / "staged.txt").read_text() == "staged\n"


@pytest.mark.parametrize("name", _IN_COMMON)
def test_a_pipe_in_the_repository_holds_nothing_up(name: str, scene: Scene) -> None:
    path = scene.repo / ".git" / name
    before = path.read_bytes() if path.exists() else None
    _pipe(path)
    manager = WorktreeManager(scene.state)
    manager.delete(scene.record, live_pids=none_alive)
    path.unlink(missing_ok=True)  # git may have put a file of its own there
    if before is not None:
        write(path, before)
    assert manager.verify(manager.restore("s1")) is None
    assert (scene.top / "new.txt").read_text() == "new\n"


def test_a_pipe_in_place_of_a_reflog_stops_no_restore(scene: Scene) -> None:
    _pipe(scene.admin / "logs/HEAD")
    manager = WorktreeManager(scene.state)
    entry = manager.delete(scene.record, live_pids=none_alive)
    git(scene.repo, "worktree", "add", str(scene.repo.parent / "other"), entry.refs[0], "-q")
    git(scene.repo.parent / "other", "checkout", "-q", "-B", scene.record.branch, entry.head or "")
    record = manager.restore("s1")
    assert git(record.path, "rev-parse", "HEAD") == entry.head


def test_a_pipe_of_the_agents_own_is_not_touched(scene: Scene) -> None:
    pipe = _pipe(scene.top / "mine")
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    os.write(reader, b"words")
    pipes = Pipes(str(scene.top), str(scene.admin))
    pipes.let_go()
    pipes.close()
    assert os.read(reader, 10) == b"words"
    os.close(reader)


def test_a_pipe_is_not_written_as_the_list_of_what_is_ignored(repo: Path) -> None:
    _pipe(repo / ".git/info/exclude")
    with pytest.raises(RefusedError, match="is a pipe"):
        exclude.add_lines(str(repo / ".git"), ["/.claude/worktrees/"])


def test_settings_that_are_a_pipe_hold_no_hooks(repo: Path) -> None:
    pipe = _pipe(repo / "settings.json")
    assert hooks.read_hooks([pipe], "WorktreeCreate") == ()
