"""What an agent puts in the way of our own files: no link is followed, no file of its own lost."""

from pathlib import Path

import pytest

from parallel_agents.worktrees.look.identity import admin_dir
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import Make, git, none_alive, snapshot_of, write


@pytest.mark.parametrize("kind", ["link", "file"])
def test_nothing_beside_the_git_file_is_written_through(
    manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path, kind: str
) -> None:
    record = make()
    top = Path(record.path)
    theirs = write(tmp_path / "precious", "precious")
    planted = top / ".git.new"
    if kind == "link":
        planted.symlink_to(theirs)
    else:
        write(planted, "mine")
    entry = manager.delete(record, live_pids=none_alive)
    assert entry.tree is not None
    git_file = Path(entry.tree, ".git")
    git_file.unlink()
    git_file.symlink_to(theirs)  # so that it is written anew
    back = manager.restore("s1")
    assert theirs.read_text() == "precious"
    assert planted.is_symlink() == (kind == "link")
    assert planted.read_text() == ("precious" if kind == "link" else "mine")
    assert manager.verify(back) is None


@pytest.mark.parametrize("locked", [True, False])
def test_gits_directory_replaced_by_a_link_is_not_taken_for_ours(
    manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path, locked: bool
) -> None:
    """It would be the directory of somebody else's worktree that is moved to the trash."""
    record = make()
    theirs = tmp_path / "theirs"
    git(repo, "worktree", "add", "-q", "-b", "their-branch", str(theirs))
    if locked:
        git(repo, "worktree", "lock", str(theirs))
    write(theirs / "x.txt", "staged")
    git(theirs, "add", "x.txt")
    admin = admin_dir(record)
    admin.rename(tmp_path / "aside")
    admin.symlink_to(admin.with_name("theirs"))
    before = snapshot_of(admin.with_name("theirs"))
    assert "symbolic link" in (manager.verify(record) or "")
    entry = manager.delete(record, live_pids=none_alive)
    assert entry.untouched
    assert snapshot_of(admin.with_name("theirs")) == before
    assert git(theirs, "status", "--porcelain") == "A  x.txt"
    manager.restore("s1")
    assert git(theirs, "status", "--porcelain") == "A  x.txt"
