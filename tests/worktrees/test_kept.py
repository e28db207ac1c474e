"""What a person does not think of at a deletion, and misses afterwards."""

import errno
import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest

from parallel_agents.core.errors import NoSuchSessionError, StorageError
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.manager import WorktreeManager
from parallel_agents.worktrees.plumbing.reflog import put_back
from tests.worktrees.conftest import Make, commit_all, git, none_alive, write


@pytest.mark.parametrize("fate", ["renamed", "dropped"])
def test_work_on_another_branch_comes_back(
    fate: str, manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record = make()
    top = Path(record.path)
    write(top / "x.txt", "work")
    tip = commit_all(top, "work")
    if fate == "renamed":
        git(top, "branch", "-m", "feature")
    else:
        git(top, "checkout", "-q", "--detach")
        git(top, "branch", "-q", "-D", record.branch)
    write(top / "note.txt", "not committed")
    entry = manager.delete(record, live_pids=none_alive)
    assert entry.tip is None
    back = manager.restore("s1")
    assert (top / "note.txt").read_text() == "not committed"
    assert git(top, "rev-parse", "HEAD") == tip
    assert git(top, "branch", "--show-current") == ("feature" if fate == "renamed" else "")
    assert [finding.kind for finding in manager.reconcile([back])] == ["other-branch"]


def test_the_reflog_of_the_branch_comes_back(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record = make()
    top = Path(record.path)
    first = commit_all(top, "first")
    git(top, "reset", "-q", "--hard", "HEAD~1")
    kept = git(repo, "reflog", "show", record.branch)
    manager.delete(record, live_pids=none_alive)
    git(repo, "gc", "-q", "--prune=now")
    manager.restore("s1")
    assert git(repo, "reflog", "show", record.branch) == kept
    git(top, "reset", "-q", "--hard", first)
    git(repo, "fsck", "--strict")


def test_the_reflog_comes_back_once_however_often_the_branch_was_begun(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    """Git logs a branch before it makes it; killed in between, the next try logs it again."""
    record = make()
    commit_all(record.path, "first")
    log = repo / f".git/logs/refs/heads/{record.branch}"
    kept = log.read_bytes()
    manager.delete(record, live_pids=none_alive)
    tip = git(repo, "rev-parse", "HEAD")
    git(repo, "update-ref", "--create-reflog", f"refs/heads/{record.branch}", tip)
    begun = log.read_bytes()
    git(repo, "update-ref", "-d", f"refs/heads/{record.branch}")
    write(log, begun)
    back = manager.restore("s1")
    assert log.read_bytes() == kept
    assert manager.delete(back, live_pids=none_alive).tip is not None


def test_a_reflog_that_is_back_already_stays_as_it_is(tmp_path: Path) -> None:
    common, saved = tmp_path / "common", tmp_path / "saved"
    old, new = b"0" * 40 + b" made\nold\n", b"since\n"
    log = write(common / "logs/refs/heads/a/b", old + new)
    for _ in range(2):
        write(saved, old)
        put_back(common, "a/b", saved)
        assert log.read_bytes() == old + new
    assert [path.name for path in common.iterdir()] == ["logs"]


def test_a_logged_branch_is_not_written_through_links(
    manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path
) -> None:
    record = make()
    commit_all(record.path, "second line of the log")
    manager.delete(record, live_pids=none_alive)
    elsewhere = tmp_path / "elsewhere"
    (repo / ".git/logs/refs/heads").rename(elsewhere)
    (repo / ".git/logs/refs/heads").symlink_to(elsewhere)
    manager.restore("s1")
    written = elsewhere / "worktree-fix-login"
    assert not written.exists() or written.read_text().count("\n") == 1  # git's own line


def test_what_only_an_unfinished_operation_names_survives_a_collection(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    write(repo / "a.txt", "theirs\n")
    commit_all(repo, "theirs")
    record = make()
    top = Path(record.path)
    git(top, "reset", "-q", "--hard", "HEAD~1")
    write(top / "a.txt", "mine\n")
    commit_all(top, "mine")
    write(top / "src/b.py", "stashed\n")
    with pytest.raises(AssertionError, match="could not apply"):
        git(top, "rebase", "--autostash", "main")
    assert (top / "src/b.py").read_text() != "stashed\n"
    manager.delete(record, live_pids=none_alive)
    git(repo, "reflog", "expire", "--expire=now", "--all")
    git(repo, "gc", "-q", "--prune=now")
    manager.restore("s1")
    git(top, "rebase", "--abort")
    assert (top / "src/b.py").read_text() == "stashed\n"


@pytest.fixture
def misled(make: Make, repo: Path) -> WorktreeRecord:
    """A worktree whose index remembers a directory's tree without a repository staged in it.

    Git leaves that behind when a rebase finds a nested repository where it would remove one.
    """
    record = make()
    top = Path(record.path)
    commit_all(top, "mine")
    write(repo / "theirs.txt", "theirs\n")
    commit_all(repo, "theirs")
    nested = top / "src/nested"
    git(top, "init", "-q", str(nested))
    commit_all(nested, "inner")
    git(top, "add", "src/nested")
    git(top, "rebase", "main", ok=(0, 1))
    copy = repo.parent / "index"
    shutil.copy(git(top, "rev-parse", "--git-path", "index"), copy)
    own = {"GIT_INDEX_FILE": str(copy)}
    remembered = git(top, "write-tree", env=own)
    if remembered == git(top, "write-tree", "--ignore-cache-tree", env=own):
        pytest.skip("this git remembers the right tree; 2.39 does not")
    return record


@pytest.mark.parametrize("conflict", [False, True])
def test_trees_that_the_index_remembers_wrongly_are_not_believed(
    conflict: bool, misled: WorktreeRecord, manager: WorktreeManager, repo: Path
) -> None:
    top = Path(misled.path)
    inner = git(top / "src/nested", "rev-parse", "HEAD")
    write(top / "new.txt", "new\n")
    if conflict:
        oid = git(top, "rev-parse", ":a.txt")
        theirs = f"100644 {oid} 2\ta.txt\n"
        begin = ["git", "-C", str(top), "update-index", "--index-info"]
        subprocess.run(begin, input=theirs, text=True, check=True)
    entry = manager.delete(misled, live_pids=none_alive)
    git(repo, "fsck", "--strict")
    saved = git(repo, "log", "--format=%T", entry.refs[0]).split()
    kept = [line for tree in saved for line in git(repo, "ls-tree", "-r", tree).splitlines()]
    assert sum(inner in line for line in kept) == 2
    manager.restore("s1")
    assert git(top, "rev-parse", ":src/nested") == inner


@pytest.mark.parametrize("act", ["deleted", "made private"])
def test_copies_come_back_as_they_were(
    act: str, manager: WorktreeManager, make: Make, repo: Path
) -> None:
    write(repo / ".worktreeinclude", ".env\n")
    write(repo / ".env", "SECRET=1\n")
    record = make()
    copy = Path(record.path) / ".env"
    if act == "deleted":
        copy.unlink()
    else:
        copy.chmod(0o600)
    entry = manager.delete(record, live_pids=none_alive)
    assert ".env" not in entry.skipped
    manager.restore("s1")
    assert copy.exists() == (act != "deleted")
    assert act == "deleted" or copy.stat().st_mode & 0o777 == 0o600


def test_a_copy_whose_source_is_gone_is_kept(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    write(repo / ".worktreeinclude", ".env\n")
    source = write(repo / ".env", "SECRET=1\n")
    record = make()
    source.unlink()
    assert manager.delete(record, live_pids=none_alive).skipped == ()
    manager.restore("s1")
    assert (Path(record.path) / ".env").read_text() == "SECRET=1\n"


@pytest.mark.parametrize("gone", [False, True])
def test_what_is_staged_beside_a_conflict_survives_a_collection(
    gone: bool, manager: WorktreeManager, make: Make, repo: Path
) -> None:
    write(repo / "a.txt", "theirs\n")
    commit_all(repo, "theirs")
    record = make()
    top = Path(record.path)
    git(top, "reset", "-q", "--hard", "HEAD~1")
    write(top / "a.txt", "mine\n")
    commit_all(top, "mine")
    with pytest.raises(AssertionError, match="merge"):
        git(top, "merge", "main")
    write(top / "src/b.py", "staged\n")
    git(top, "add", "src/b.py")
    write(top / "src/b.py", "and changed\n")
    if gone:
        shutil.rmtree(top)
    manager.delete(record, live_pids=none_alive)
    git(repo, "reflog", "expire", "--expire=now", "--all")
    git(repo, "gc", "-q", "--prune=now")
    manager.restore("s1")
    assert git(top, "show", ":src/b.py") == "staged"
    assert git(top, "show", ":2:a.txt") == "mine"
    assert git(top, "show", ":3:a.txt") == "theirs"


@pytest.mark.parametrize("point", ["delete.renamed", "delete.parked", "delete.skipped"])
def test_a_deletion_that_was_cut_off_can_be_restored(
    point: str,
    manager: WorktreeManager,
    make: Make,
    repo: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = make()
    write(Path(record.path) / "work.txt", "work")
    monkeypatch.setenv("PA_FAILPOINT", f"{point}:EIO")
    with pytest.raises(StorageError):
        manager.delete(record, live_pids=none_alive)
    monkeypatch.delenv("PA_FAILPOINT")
    assert manager.unfinished("s1")
    (finding,) = (f for f in manager.reconcile([]) if f.kind == "trash")
    assert "parallel-agents restore s1" in finding.action
    back = manager.restore("s1")
    assert manager.verify(back) is None
    assert (Path(record.path) / "work.txt").read_text() == "work"
    assert not manager.unfinished("s1")
    assert manager.reconcile([back]) == ()


def test_nothing_is_restored_of_a_deletion_that_changed_nothing(
    manager: WorktreeManager, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = make()
    monkeypatch.setenv("PA_FAILPOINT", "delete.plan:EIO")
    with pytest.raises(StorageError):
        manager.delete(record, live_pids=none_alive)
    assert not manager.unfinished("s1")
    with pytest.raises(NoSuchSessionError):
        manager.restore("s1")
    assert manager.verify(record) is None


@pytest.mark.parametrize("cut_off", [False, True])
def test_the_state_directory_may_be_moved(
    cut_off: bool, manager: WorktreeManager, make: Make, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = make()
    top = Path(record.path)
    write(top / "ignored/only-here", "kept with the directory only")
    if cut_off:
        monkeypatch.setenv("PA_FAILPOINT", "delete.parked:EIO")
        with pytest.raises(StorageError):
            manager.delete(record, live_pids=none_alive)
        monkeypatch.delenv("PA_FAILPOINT")
    else:
        manager.delete(record, live_pids=none_alive)
    manager.settle()
    (repo.parent / "state").rename(repo.parent / "moved")
    WorktreeManager(repo.parent / "moved").restore("s1")
    assert (top / "ignored/only-here").read_text() == "kept with the directory only"


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.EPERM, "who may write"), (errno.ENOSPC, "Free some space"), (errno.EROFS, "read-only")],
)
def test_what_is_advised_fits_the_error(
    number: int,
    words: str,
    manager: WorktreeManager,
    make: Make,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = make()
    monkeypatch.setenv("PA_FAILPOINT", f"delete.plan:{errno.errorcode[number]}")
    with pytest.raises(StorageError) as caught:
        manager.delete(record, live_pids=none_alive)
    assert words in caught.value.hint


def test_the_state_directory_may_be_moved_to_another_disk(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    other = Path("/dev/shm")
    if not os.access(other, os.W_OK) or other.stat().st_dev == repo.stat().st_dev:
        pytest.skip("there is no other file system here")
    record = make()
    top = Path(record.path)
    write(top / "work.txt", "work").chmod(0o440)
    (top / "hard").hardlink_to(top / "work.txt")
    os.mkfifo(top / "fifo")
    manager.delete(record, live_pids=none_alive)
    manager.settle()
    with tempfile.TemporaryDirectory(dir=other) as directory:
        moved = Path(directory) / "state"
        subprocess.run(["mv", str(repo.parent / "state"), str(moved)], check=True)
        back = WorktreeManager(moved).restore("s1")
        assert WorktreeManager(moved).verify(back) is None
    assert (top / "work.txt").read_text() == "work"
    assert (top / "hard").stat().st_ino == (top / "work.txt").stat().st_ino
    assert stat.S_ISFIFO((top / "fifo").stat().st_mode)
