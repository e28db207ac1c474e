"""A repository that was moved takes its trash along, however far a deletion or restore had come."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from msgspec.structs import replace

from parallel_agents.core.errors import RefusedError, RepositoryError
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import Make, git, none_alive, snapshot_of, write
from tests.worktrees.test_failpoints import (
    POINTS,
    dirty,
    fail_at,
    keep,
    run_create,
    without_skipped,
)


def _move(repo: Path) -> Path:
    moved = repo.parent / "new place" / "shop2"
    moved.parent.mkdir()
    return repo.rename(moved)


@pytest.mark.parametrize("action", ["kill", "EIO"])
@pytest.mark.parametrize("point", [p for p in POINTS if p.startswith(("delete.", "restore."))])
def test_whatever_was_cut_off_goes_on_in_the_new_place(
    repo: Path, tmp_path: Path, point: str, action: str
) -> None:
    state = repo.parent / "state"
    manager = WorktreeManager(state)
    write(repo / ".worktreeinclude", ".env\n")
    write(repo / ".env", "SECRET=1\n")
    record = keep(run_create(manager, repo), repo)
    top = dirty(record)
    before = without_skipped(snapshot_of(top))
    status = git(top, "status", "--porcelain")
    head = git(top, "rev-parse", "HEAD")
    if point.startswith("restore."):
        manager.delete(record, live_pids=none_alive)
    fail_at(point, action, state, repo)
    moved = _move(repo)
    place = moved / top.relative_to(repo)
    manager = WorktreeManager(state)
    if place.exists() and point.startswith("delete."):
        back = manager.take_along(record, str(place))  # it had not been renamed away yet
        manager.delete(back, live_pids=none_alive)
        back = manager.restore("s1")
    else:
        with pytest.raises(RefusedError, match="is not there") as refused:
            manager.restore("s1")
        assert "--in" in refused.value.hint
        back = manager.restore("s1", str(moved))
    assert back.path == str(place)
    assert manager.verify(back) is None
    assert without_skipped(snapshot_of(place)) == before
    assert git(place, "status", "--porcelain") == status
    assert git(place, "rev-parse", "HEAD") == head
    assert git(place, "branch", "--show-current") == record.branch
    git(moved, "fsck", "--no-dangling")
    assert not repo.exists()
    assert manager.reconcile([back]) == ()
    if point.startswith("restore."):
        assert manager.trash() == ()
        again = manager.delete(back, live_pids=none_alive)
        assert again.saved
        assert without_skipped(snapshot_of(Path(manager.restore("s1").path))) == before


def test_asked_twice_it_is_the_same(manager: WorktreeManager, make: Make, repo: Path) -> None:
    record = make()
    write(Path(record.path) / "note.txt", "note")
    manager.delete(record, live_pids=none_alive)
    moved = _move(repo)
    back = manager.restore("s1", str(moved / "src"))
    assert Path(back.path, "note.txt").read_text() == "note"
    assert (back.root, back.checkout) == (str(moved), str(moved))
    assert manager.restore("s1", str(moved)) == back
    assert manager.restore("s1") == back


def test_another_repository_is_refused_and_nothing_changes(
    manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path
) -> None:
    record = make()
    write(Path(record.path) / "note.txt", "note")
    manager.delete(record, live_pids=none_alive)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(repo), str(clone))
    with pytest.raises(RefusedError, match="is where it was"):
        manager.restore("s1", str(clone))
    moved = _move(repo)
    kept = snapshot_of(repo.parent / "state" / "trash")
    with pytest.raises(RefusedError, match="lacks what was saved"):
        manager.restore("s1", str(clone))
    with pytest.raises(RepositoryError):
        manager.restore("s1", str(tmp_path / "nothing"))
    git(tmp_path, "init", "-q", "empty")
    with pytest.raises(RepositoryError):
        manager.restore("s1", str(tmp_path / "empty"))
    assert snapshot_of(repo.parent / "state" / "trash") == kept
    shutil.copytree(clone, repo, symlinks=True)  # a new clone where the old one was
    assert manager.restore("s1", str(moved)).root == str(moved)


def test_doctor_names_the_command(manager: WorktreeManager, make: Make, repo: Path) -> None:
    manager.delete(make(), live_pids=none_alive)
    moved = _move(repo)
    found = manager.reconcile([], str(moved))
    assert [(f.kind, f.session) for f in found] == [("trash", "s1")]
    assert found[0].action == f"parallel-agents restore s1 --in '{moved}'"
    back = manager.restore("s1", str(moved))
    assert manager.reconcile([back], str(moved)) == ()


def test_links_into_the_checkout_lead_on(manager: WorktreeManager, make: Make, repo: Path) -> None:
    record = make()
    (repo / "node_modules").mkdir()
    link = Path(record.path, "node_modules")
    link.symlink_to(repo / "node_modules")
    record = replace(record, linked=("node_modules",))
    manager.delete(record, live_pids=none_alive)
    moved = _move(repo)
    back = manager.restore("s1", str(moved))
    assert Path(back.path, "node_modules").readlink() == moved / "node_modules"


def test_a_worktree_that_was_gone_already_comes_back_there(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record = make()
    top = Path(record.path)
    write(top / "a.txt", "staged\n")
    git(top, "add", "a.txt")
    shutil.rmtree(top)
    manager.delete(record, live_pids=none_alive)
    back = manager.restore("s1", str(_move(repo)))
    assert Path(back.path, "a.txt").read_text() == "staged\n"
    assert manager.verify(back) is None


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="there is no second file system")
def test_a_directory_that_was_kept_beside_the_others_moves_too(repo: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        manager = WorktreeManager(Path(elsewhere))
        record = run_create(manager, repo)
        top = dirty(record)
        before = without_skipped(snapshot_of(top))
        entry = manager.delete(record, live_pids=none_alive)
        assert entry.tree is not None
        assert Path(entry.tree).is_relative_to(repo)
        back = manager.restore("s1", str(_move(repo)))
        assert without_skipped(snapshot_of(Path(back.path))) == before
        assert manager.verify(back) is None


def test_a_branch_that_stays_and_detached_heads(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record = make()
    top = Path(record.path)
    git(top, "checkout", "-q", "--detach")
    git(top, "commit", "-q", "--allow-empty", "-m", "only here")
    head = git(top, "rev-parse", "HEAD")
    manager.delete(record, live_pids=none_alive)
    moved = _move(repo)
    git(moved, "gc", "-q", "--prune=now")
    back = manager.restore("s1", str(moved))
    assert git(Path(back.path), "rev-parse", "HEAD") == head


def test_a_session_in_the_checkout_itself(manager: WorktreeManager, repo: Path) -> None:
    found = manager.resolve(str(repo))
    record = manager.take_checkout(found, "s1", manager.resolve_base(found, "head"))
    manager.delete(record, live_pids=none_alive)
    moved = _move(repo)
    with pytest.raises(RefusedError, match="is not there"):
        manager.restore("s1")
    back = manager.restore("s1", str(moved))
    assert (back.path, back.root) == (str(moved), str(moved))
    assert manager.verify(back) is None
    assert manager.diff_stat(back).files == ()
