"""A worktree is known by what it is; one that is not ours to touch does not hold its session."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from parallel_agents.core.errors import RefusedError, StorageError, WorktreeError
from parallel_agents.core.worktree import Extras, WorktreeRecord
from parallel_agents.worktrees.manager import WorktreeManager
from tests.support.ordinary import ordinary
from tests.worktrees.conftest import Make, commit_all, git, none_alive, snapshot_of, write


@pytest.fixture
def record(make: Make) -> WorktreeRecord:
    record = make()
    write(Path(record.path) / "committed.txt", "committed")
    commit_all(record.path, "committed")
    write(Path(record.path) / "work.txt", "work")
    return record


def kinds(manager: WorktreeManager, record: WorktreeRecord, root: Path | None = None) -> list[str]:
    return [finding.kind for finding in manager.reconcile([record], str(root or ""))]


@pytest.mark.parametrize(
    "changed", [{"device": 1}, {"inode": 1}, {"device": 1, "inode": 1}], ids="-".join
)
def test_only_the_numbers_have_changed(
    changed: dict[str, int], record: WorktreeRecord, manager: WorktreeManager
) -> None:
    """A container was started again, a disk mounted anew, a backup put back."""
    old = replace(record, **changed)
    assert manager.verify(old) is None
    assert manager.renewed(old) == record
    assert manager.reconcile([old]) == ()
    assert [file.path for file in manager.diff_stat(old).files] == ["committed.txt", "work.txt"]
    assert "1 untracked file" in manager.delete(old, live_pids=none_alive).saved
    back = manager.restore("s1")
    assert manager.verify(back) is None
    assert (Path(record.path) / "work.txt").read_text() == "work"


def test_the_lock_is_lost_as_well(
    record: WorktreeRecord, manager: WorktreeManager, repo: Path
) -> None:
    git(repo, "worktree", "unlock", record.path)
    assert manager.verify(replace(record, device=1)) is None
    git(record.path, "checkout", "-q", "--detach")
    assert "replaced" in (manager.verify(replace(record, device=1)) or "")


def test_a_copy_in_its_place_is_the_worktree_to_git_and_to_us(
    record: WorktreeRecord, manager: WorktreeManager, tmp_path: Path
) -> None:
    top = Path(record.path)
    top.rename(tmp_path / "away")
    shutil.copytree(tmp_path / "away", top, symlinks=True)
    assert manager.verify(record) is None
    assert manager.renewed(record).inode == top.stat().st_ino


def test_the_git_file_is_written_in_another_way(
    record: WorktreeRecord, manager: WorktreeManager, repo: Path
) -> None:
    """As `git worktree repair --relative-paths` of later versions does."""
    write(Path(record.path) / ".git", "gitdir: ../../../.git/worktrees/fix-login\n")
    write(repo / ".git/worktrees/fix-login/gitdir", "../../../.claude/worktrees/fix-login/.git\n")
    assert manager.verify(record) is None
    assert manager.renewed(record).git_file == "gitdir: ../../../.git/worktrees/fix-login"


def test_a_repository_behind_a_link(
    record: WorktreeRecord, manager: WorktreeManager, repo: Path, tmp_path: Path
) -> None:
    """It was moved to another disk, and a link put where it was."""
    repo.rename(tmp_path / "disk")
    repo.symlink_to(tmp_path / "disk")
    assert manager.verify(record) is None
    assert manager.reconcile([record]) == ()
    new = manager.renewed(record)
    assert (new.root, new.checkout) == (str(tmp_path / "disk"), str(tmp_path / "disk"))
    entry = manager.delete(record, live_pids=none_alive)
    assert "1 untracked file" in entry.saved
    manager.restore("s1")
    assert (Path(record.path) / "work.txt").read_text() == "work"


@pytest.mark.parametrize("level", [".claude", ".claude/worktrees", ".claude/worktrees/fix-login"])
def test_a_link_in_the_repository_is_not_followed(
    level: str, record: WorktreeRecord, manager: WorktreeManager, repo: Path, tmp_path: Path
) -> None:
    (repo / level).rename(tmp_path / "away")
    (repo / level).symlink_to(tmp_path / "away")
    assert "symbolic link" in (manager.verify(record) or "")
    assert manager.delete(record, live_pids=none_alive).untouched
    assert (Path(record.path) / "work.txt").read_text() == "work"


Mismatch = Callable[[WorktreeRecord, Path], None]


def _another_repository(record: WorktreeRecord, _: Path) -> None:
    (Path(record.path) / ".git").unlink()
    git(record.path, "init", "-q")
    commit_all(record.path, "only here")


def _another_directory(record: WorktreeRecord, repo: Path) -> None:
    Path(record.path).rename(repo.parent / "away")
    write(Path(record.path) / "precious.txt", "precious")


def _a_file(record: WorktreeRecord, repo: Path) -> None:
    Path(record.path).rename(repo.parent / "away")
    write(Path(record.path), "precious")


def _pruned(record: WorktreeRecord, repo: Path) -> None:
    shutil.rmtree(repo / ".git/worktrees/fix-login")


def _no_git_file(record: WorktreeRecord, _: Path) -> None:
    (Path(record.path) / ".git").unlink()


def _moved_by_git(record: WorktreeRecord, repo: Path) -> None:
    git(repo, "worktree", "move", "-f", "-f", record.path, str(repo.parent / "away"))


def _renamed_by_hand(record: WorktreeRecord, _: Path) -> None:
    Path(record.path).rename(Path(record.path).with_name("renamed"))


def _gone_repository(record: WorktreeRecord, repo: Path) -> None:
    shutil.rmtree(repo)


def _moved_repository(record: WorktreeRecord, repo: Path) -> None:
    repo.rename(repo.parent / "shop2")


def _repository_in_its_place(record: WorktreeRecord, repo: Path) -> None:
    repo.rename(repo.parent / "shop2")
    git(repo.parent, "clone", "-q", str(repo.parent / "shop2"), str(repo))


MISMATCHES = [
    _another_repository, _another_directory, _a_file, _pruned, _no_git_file, _moved_by_git,
    _renamed_by_hand, _gone_repository, _moved_repository,
]  # fmt: skip


@pytest.mark.parametrize("mismatch", MISMATCHES)
def test_what_is_not_ours_is_left_and_does_not_hold_the_session(
    mismatch: Mismatch, record: WorktreeRecord, manager: WorktreeManager, repo: Path
) -> None:
    mismatch(record, repo)
    before = everything(repo.parent)
    (finding, *_) = manager.reconcile([record])
    assert finding.session == "s1"
    promised = manager.own_work(record).saved
    entry = manager.delete(record, live_pids=none_alive)
    assert entry.untouched
    assert entry.saved == promised
    assert everything(repo.parent) == before
    assert [e.session for e in manager.trash()] == ["s1"]
    assert manager.delete(record, live_pids=none_alive).untouched
    assert manager.restore("s1") == record
    assert manager.trash() == ()
    manager.delete(record, live_pids=none_alive)
    assert manager.empty_trash() == ("s1",)
    manager.settle()
    assert everything(repo.parent) == before


def everything(top: Path) -> dict[str, tuple[str, int, bytes]]:
    return {
        name: item
        for name, item in snapshot_of(top).items()
        if name.partition("/")[0] not in {"state", "home"}
    }


def test_another_repository_in_its_place_is_not_touched(
    record: WorktreeRecord, manager: WorktreeManager, repo: Path
) -> None:
    _repository_in_its_place(record, repo)
    before = everything(repo.parent)
    entry = manager.delete(record, live_pids=none_alive)
    assert everything(repo.parent) == before
    assert "gone already" in " ".join(entry.saved)


def test_a_living_process_holds_even_that(
    record: WorktreeRecord, manager: WorktreeManager, repo: Path
) -> None:
    shutil.rmtree(repo)
    with pytest.raises(RefusedError, match="alive"):
        manager.delete(record, live_pids=lambda: [1])


@pytest.mark.parametrize("repaired", [True, False])
def test_a_moved_repository_is_found_again(
    repaired: bool, record: WorktreeRecord, manager: WorktreeManager, repo: Path
) -> None:
    moved = repo.parent / "shop2"
    repo.rename(moved)
    place = moved / ".claude/worktrees/fix-login"
    if repaired:
        git(moved, "worktree", "repair", str(place))
    assert "repository" in manager.reconcile([record])[0].reason
    found = [f for f in manager.reconcile([record], str(moved)) if f.path == str(place)]
    assert [(f.kind, f.action) for f in found] == [("moved", f"parallel-agents adopt {place}")]
    assert manager.owner(str(place)) == "s1"
    new = manager.take_along(record, str(place))
    assert manager.verify(new) is None
    assert (new.root, new.path, new.checkout) == (str(moved), str(place), str(moved))
    assert manager.reconcile([new], str(moved)) == ()
    assert [file.path for file in manager.diff_stat(new).files] == ["committed.txt", "work.txt"]
    with pytest.raises(RefusedError, match="has its worktree"):
        manager.take_along(new, str(place))
    assert "1 untracked file" in manager.delete(new, live_pids=none_alive).saved
    manager.restore("s1")
    assert (place / "work.txt").read_text() == "work"


def test_a_renamed_worktree_is_taken_along(
    record: WorktreeRecord, manager: WorktreeManager, repo: Path
) -> None:
    place = Path(record.path).with_name("renamed")
    Path(record.path).rename(place)
    new = manager.take_along(record, str(place))
    assert (new.slug, manager.verify(new)) == ("renamed", None)
    assert (place / "work.txt").read_text() == "work"


def test_another_sessions_worktree_is_not_taken(
    record: WorktreeRecord, make: Make, manager: WorktreeManager
) -> None:
    other = make("s2", "other")
    shutil.rmtree(record.path)
    with pytest.raises(WorktreeError, match="not the worktree of the session s1"):
        manager.take_along(record, other.path)
    assert manager.owner(other.path) == "s2"


def test_advice_never_leads_to_loss(
    record: WorktreeRecord, make: Make, manager: WorktreeManager, repo: Path
) -> None:
    """Whatever is proposed about a moved repository is carried out, as if by somebody in haste."""
    other = make("s2", "other")
    write(Path(other.path) / "staged.txt", "staged")
    git(other.path, "add", "staged.txt")
    moved = repo.parent / "shop2"
    repo.rename(moved)
    for finding in manager.reconcile([record], str(moved)):
        assert "prune" not in finding.action
        assert "remove" not in finding.action
        if finding.action.startswith("git "):
            subprocess.run(finding.action, shell=True, check=True)
    place = moved / ".claude/worktrees/other"
    git(moved, "worktree", "repair", str(place))
    assert git(place, "diff", "--cached", "--name-only") == "staged.txt"


def test_a_checkout_is_known_by_its_repository(
    manager: WorktreeManager, repo: Path, tmp_path: Path
) -> None:
    found = manager.resolve(str(repo))
    record = manager.take_checkout(found, "s1", manager.resolve_base(found, "head"))
    assert manager.verify(replace(record, device=1, inode=1)) is None
    repo.rename(tmp_path / "away")
    repo.mkdir()
    assert "replaced" in (manager.verify(replace(record, inode=1)) or "")
    assert manager.delete(record, live_pids=none_alive).saved


def test_a_hooks_directory_on_a_disk_that_is_mounted_anew(
    manager: WorktreeManager, repo: Path, tmp_path: Path
) -> None:
    from parallel_agents.worktrees.remove import other_places

    made = write(tmp_path / "made/file", "work").parent
    found = manager.resolve(str(repo))
    record = other_places.directory(found, "s1", str(made), manager.resolve_base(found, "head"))
    assert manager.verify(replace(record, device=1)) is None
    other = replace(record, device=1, inode=1)
    assert "replaced" in (manager.verify(other) or "")
    assert manager.delete(other, live_pids=none_alive).untouched
    assert (made / "file").read_text() == "work"
    assert os.listdir(made) == ["file"]  # noqa: PTH208 - the names alone


def test_what_is_left_of_a_missing_worktree_is_said_beforehand(
    record: WorktreeRecord, manager: WorktreeManager
) -> None:
    write(Path(record.path) / "staged.txt", "staged")
    git(record.path, "add", "staged.txt")
    shutil.rmtree(record.path)
    promised = manager.own_work(record).saved
    assert promised == (
        "the worktree was gone already: its uncommitted files could not be saved",
        f"branch {record.branch}",
        "staged changes",
    )
    assert manager.delete(record, live_pids=none_alive).saved == promised


def test_a_kept_directory_is_named_while_its_repository_is_away(
    record: WorktreeRecord, manager: WorktreeManager, repo: Path
) -> None:
    entry = manager.delete(record, live_pids=none_alive)
    repo.rename(repo.parent / "shop2")
    with pytest.raises(RefusedError, match="is not there") as caught:
        manager.restore("s1")
    assert str(entry.tree) in caught.value.hint
    (repo.parent / "shop2").rename(repo)
    manager.restore("s1")
    assert (Path(record.path) / "work.txt").read_text() == "work"


@pytest.mark.parametrize("fate", ["is gone", "is no repository", "is broken"])
def test_an_entry_is_dropped_without_its_repository(
    fate: str, record: WorktreeRecord, manager: WorktreeManager, repo: Path
) -> None:
    manager.delete(record, live_pids=none_alive)
    if fate == "is broken":
        write(repo / ".git/config", "[core\n")
    else:
        shutil.rmtree(repo)
    if fate == "is no repository":
        repo.mkdir()
    assert manager.empty_trash() == ("s1",)
    manager.settle()
    assert manager.trash() == ()


def test_one_entry_that_cannot_be_dropped_hinders_no_other(
    record: WorktreeRecord, make: Make, manager: WorktreeManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make("s2", "other")
    manager.delete(record, live_pids=none_alive)
    manager.delete(other, live_pids=none_alive)
    rename = Path.rename

    def refused(path: Path, target: Path) -> Path:
        if path.name == "s2":
            raise OSError(5, "Input/output error", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refused)
    assert manager.empty_trash() == ("s1",)
    with pytest.raises(StorageError, match="Input/output error"):
        manager.empty_trash()
    assert [entry.session for entry in manager.trash()] == ["s2"]


def test_links_into_a_moved_checkout_lead_there(
    manager: WorktreeManager, repo: Path, tmp_path: Path
) -> None:
    write(repo / "node_modules/m/index.js", "shared")
    found = manager.resolve(str(repo))
    record = manager.create(
        found, session="s1", slug="linked", base=manager.resolve_base(found, "head"),
        extras=Extras(links=("node_modules",)),
    )  # fmt: skip
    assert record.linked == ("node_modules",)
    repo.rename(tmp_path / "shop2")
    place = tmp_path / "shop2/.claude/worktrees/linked"
    manager.take_along(record, str(place))
    assert (place / "node_modules/m/index.js").read_text() == "shared"


def test_a_closed_ignored_directory_is_work(record: WorktreeRecord, repo: Path) -> None:
    closed = write(Path(record.path) / "ignored/deep/file", "work").parents[1]
    closed.chmod(0)

    def look() -> tuple[str, ...]:
        return WorktreeManager(repo.parent / "state").own_work(record).saved

    assert "1 ignored file or directory" in ordinary(look)
