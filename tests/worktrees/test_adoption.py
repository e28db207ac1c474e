"""Somebody else's worktree becomes a session's; what must not, is refused and left alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from parallel_agents.core.errors import RefusedError
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import Make, commit_all, git, none_alive, write


@pytest.fixture
def theirs(repo: Path) -> Path:
    """A worktree where claude makes its own."""
    path = repo / ".claude/worktrees/theirs"
    git(repo, "worktree", "add", "-q", "-b", "their-branch", str(path))
    write(path / "b.txt", "b")
    commit_all(path, "their work")
    write(path / "c.txt", "untracked")
    return path


def adopt(manager: WorktreeManager, path: Path, root: Path, session: str = "s1") -> WorktreeRecord:
    found = manager.resolve(str(root))
    base = manager.resolve_base(found, "head")
    return manager.adopt(found, session=session, path=str(path), base=base)


def test_adopt_delete_restore(manager: WorktreeManager, theirs: Path, repo: Path) -> None:
    tip, first = git(theirs, "rev-parse", "HEAD"), git(repo, "rev-parse", "main")
    record = adopt(manager, theirs, repo)
    assert (record.branch, record.base, record.base_commit) == ("their-branch", "main", first)
    assert not record.made_branch
    assert manager.verify(record) is None
    assert adopt(manager, theirs, repo) == record
    assert manager.reconcile([record], str(repo)) == ()
    assert manager.diff_stat(record).changes.files == 2
    assert manager.own_work(record).saved == ("1 untracked file",)  # the commit stays on its branch
    entry = manager.delete(record, live_pids=none_alive)
    assert entry.saved == ("1 untracked file",)
    assert git(repo, "rev-parse", "their-branch") == tip
    git(repo, "branch", "-f", "their-branch", first)
    back = manager.restore("s1")
    assert git(theirs, "rev-parse", "HEAD") == tip
    assert git(theirs, "status", "--porcelain") == "?? c.txt"
    assert git(repo, "rev-parse", "their-branch") == first
    assert manager.verify(back) is None


def refused(manager: WorktreeManager, path: Path, root: Path, reason: str) -> RefusedError:
    before = git(root, "worktree", "list", "--porcelain")
    with pytest.raises(RefusedError, match=reason) as caught:
        adopt(manager, path, root)
    assert git(root, "worktree", "list", "--porcelain") == before
    assert caught.value.hint
    return caught.value


def test_what_is_refused(
    manager: WorktreeManager, make: Make, theirs: Path, repo: Path, tmp_path: Path
) -> None:
    refused(manager, repo, repo, "main worktree")
    refused(manager, repo / "src", repo, "not the top")
    refused(manager, theirs / "src", repo, "not the top")
    mine = make("mine", "mine")
    refused(manager, Path(mine.path), repo, "already belongs to the session mine")
    git(theirs, "checkout", "-q", "--detach")
    refused(manager, theirs, repo, "on no branch")
    git(theirs, "checkout", "-q", "their-branch")
    git(repo, "worktree", "lock", "--reason", "on a stick", str(theirs))
    assert "unlock" in refused(manager, theirs, repo, "on a stick").hint
    git(repo, "worktree", "unlock", str(theirs))
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(repo), str(other))
    refused(manager, other, repo, "not the top")


def test_one_in_use_is_refused(manager: WorktreeManager, theirs: Path, repo: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()"],
        cwd=theirs / "src", stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert child.stdout is not None
        child.stdout.readline()
        refused(manager, theirs, repo, "in use")
    finally:
        child.communicate(b"\n")
    assert adopt(manager, theirs, repo).path == str(theirs)


def test_one_elsewhere_is_moved_first(manager: WorktreeManager, repo: Path, tmp_path: Path) -> None:
    """The proposed command makes it adoptable, whatever its name."""
    odd = tmp_path / "My Work; touch x"
    git(repo, "worktree", "add", "-q", "-b", "odd", str(odd))
    hint = refused(manager, odd, repo, "cannot be adopted where it is").hint
    assert os.system(hint.removeprefix("Move it: ")) == 0
    assert adopt(manager, repo / ".claude/worktrees/my-work-touch-x", repo).branch == "odd"
    assert not (Path.cwd() / "x").exists()


def test_a_symbolic_link_is_seen_through(
    manager: WorktreeManager, theirs: Path, repo: Path, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(theirs)
    (repo / ".claude/worktrees/main-link").symlink_to(repo)
    refused(manager, repo / ".claude/worktrees/main-link", repo, "main worktree")
    assert adopt(manager, tmp_path / "link", repo).path == str(theirs)
