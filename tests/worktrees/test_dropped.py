"""What is not dropped though its name says so, and what cannot be."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from parallel_agents.core.worktree import TrashEntry, WorktreeRecord
from parallel_agents.worktrees.compare import builds
from parallel_agents.worktrees.manager import WorktreeManager
from tests.support.ordinary import give_away, ordinary
from tests.worktrees.conftest import Make, commit_all, git, none_alive, write


@pytest.fixture
def record(make: Make, repo: Path) -> WorktreeRecord:
    """A worktree with work, in a repository that ignores build directories."""
    with (repo / ".gitignore").open("a") as file:
        file.write("dist/\ntarget/\n.venv/\n")
    commit_all(repo, "ignore")
    record = make()
    write(Path(record.path) / "work.txt", "work")
    return record


Hide = Callable[[Path, Path], Path]
"""Makes a repository below a build directory, and says which of its files must come back."""


def _repository(build: Path, _: Path) -> Path:
    git(build, "init", "-q")
    write(build / "only.txt", "only here")
    commit_all(build, "the only copy")
    return build / ".git/HEAD"


def _deep(build: Path, repo: Path) -> Path:
    (build / "a/b/c").mkdir(parents=True)
    return _repository(build / "a/b/c", repo)


def _bare(build: Path, repo: Path) -> Path:
    git(repo, "clone", "-q", "--bare", str(repo), str(build / "mirror"))
    return build / "mirror/HEAD"


def _worktree(build: Path, repo: Path) -> Path:
    """A worktree of another repository: `.git` is a file there."""
    other = repo.parent / "other"
    git(repo.parent, "clone", "-q", str(repo), str(other))
    git(other, "worktree", "add", "-q", "--detach", str(build / "checkout"))
    return write(build / "checkout/uncommitted.txt", "work")


def _dangling(build: Path, _: Path) -> Path:
    write(build / "lost/.git", "gitdir: /nowhere/at/all\n")
    return write(build / "lost/file", "of a repository that is elsewhere just now")


def _linked(build: Path, repo: Path) -> Path:
    (build / "linked").mkdir()
    (build / "linked/.git").symlink_to(repo / ".git")
    return write(build / "linked/file", "checked out through a link")


def _mercurial(build: Path, _: Path) -> Path:
    return write(build / "pkg/.hg/store/data", "of another program")


@pytest.mark.parametrize("name", ["dist", "target", ".venv", "node_modules", "src/dist"])
def test_a_repository_in_a_build_directory_is_kept(
    name: str, manager: WorktreeManager, record: WorktreeRecord, repo: Path
) -> None:
    build = Path(record.path) / name
    build.mkdir(parents=True)
    _repository(build, repo)
    own = manager.own_work(record)
    assert f"nested repositories: {name}/" in own.saved
    entry = manager.delete(record, live_pids=none_alive)
    assert (entry.saved, entry.skipped) == (own.saved, own.skipped) == (own.saved, ())
    manager.restore("s1")
    assert git(build, "log", "--format=%s") == "the only copy"
    assert (build / "only.txt").read_text() == "only here"


@pytest.mark.parametrize(
    "hide", [_repository, _deep, _bare, _worktree, _dangling, _linked, _mercurial]
)
def test_whatever_kind_of_repository_it_is(
    hide: Hide, manager: WorktreeManager, record: WorktreeRecord, repo: Path
) -> None:
    build = Path(record.path) / "node_modules"
    build.mkdir()
    precious = hide(build, repo)
    content = precious.read_bytes()
    write(Path(record.path) / "dist/bundle.js", "made again")
    entry = manager.delete(record, live_pids=none_alive)
    assert entry.skipped == ("dist",)
    assert any(phrase.startswith("nested repositories: node_modules/") for phrase in entry.saved)
    manager.restore("s1")
    assert precious.read_bytes() == content


def test_what_is_too_large_to_look_through_is_kept(
    manager: WorktreeManager, record: WorktreeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builds, "MOST_ENTRIES", 10)
    for number in range(20):
        write(Path(record.path) / f"node_modules/{number}", "x")
    entry = manager.delete(record, live_pids=none_alive)
    assert entry.skipped == ()
    assert "node_modules, kept since it is too large to search" in entry.saved


def _stranger_below(build: Path) -> None:
    write(build / "a/index.js", "a")
    give_away(build / "a")


def _stranger(build: Path) -> None:
    write(build / "a/index.js", "a")
    give_away(build)


def _sticky(build: Path) -> None:
    """Like `/tmp`: who may write there may still not remove another's file."""
    give_away(write(build / "shared/index.js", "a"))
    give_away(build / "shared")
    (build / "shared").chmod(0o1777)


def _closed(build: Path) -> None:
    write(build / "a/index.js", "a")
    (build / "a").chmod(0)


def _closed_by_a_stranger(build: Path) -> None:
    _stranger_below(build)
    (build / "a").chmod(0o700)


ODD = [_stranger_below, _stranger, _sticky, _closed, _closed_by_a_stranger]


@pytest.mark.parametrize("odd", ODD)
def test_what_cannot_be_dropped_stays_with_the_tree(
    odd: Callable[[Path], None], record: WorktreeRecord, repo: Path
) -> None:
    """Such as `docker run -v "$PWD":/app node npm ci` leaves."""
    state, top = repo.parent / "state", Path(record.path)
    odd(top / "node_modules")
    write(top / "dist/bundle.js", "made again")

    def act() -> tuple[tuple[str, ...], TrashEntry, str]:
        manager = WorktreeManager(state)
        promised = manager.own_work(record).saved
        entry = manager.delete(record, live_pids=none_alive)
        manager.settle()
        manager.restore("s1")
        return promised, entry, (top / "work.txt").read_text()

    promised, entry, work = ordinary(act)
    assert (promised, work) == (entry.saved, "work")
    assert entry.skipped == ("dist",)
    assert any("node_modules, kept since" in phrase for phrase in entry.saved)
    assert [path.name for path in (top / "node_modules").iterdir()] == (
        ["shared"] if odd is _sticky else ["a"]
    )
    assert not any((state / "dropped").iterdir())


def test_what_turns_out_to_stay_is_named(
    manager: WorktreeManager, record: WorktreeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing after the rename can make a deletion fail."""
    write(Path(record.path) / "node_modules/m.js", "m")
    write(Path(record.path) / "dist/m.js", "m")
    rename = Path.rename

    def refused(path: Path, target: Path) -> Path:
        if path.name == "node_modules":
            raise PermissionError(13, "Permission denied", str(path))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refused)
    entry = manager.delete(record, live_pids=none_alive)
    assert entry.skipped == ("dist",)
    assert any("node_modules" in note and "Permission denied" in note for note in entry.notes)
    manager.restore("s1")
    assert (Path(record.path) / "node_modules/m.js").exists()


def test_an_emptied_entry_of_another_users_files_is_named(
    record: WorktreeRecord, repo: Path
) -> None:
    state, top = repo.parent / "state", Path(record.path)
    write(top / "cache/a/file", "theirs")
    write(top / "cache/b/file", "ours")
    give_away(top / "cache/a")

    def act() -> tuple[tuple[str, ...], list[str], list[str]]:
        manager = WorktreeManager(state)
        manager.delete(record, live_pids=none_alive)
        dropped = manager.empty_trash()
        manager.settle()
        heir = WorktreeManager(state)
        heir.settle()
        told = [f.action for f in heir.reconcile([]) if f.kind == "trash"]
        left = [name for _, _, names in os.walk(state / "dropped") for name in names]
        return dropped, told, left

    dropped, told, left = ordinary(act)
    assert (dropped, left) == (("s1",), ["file"])
    assert len(told) == 1
    assert told[0].startswith("sudo rm -rf ")
    subprocess.run(["sh", "-c", told[0].removeprefix("sudo ")], check=True)
    assert not any((state / "dropped").iterdir())


def test_the_worktree_itself_may_be_another_users(record: WorktreeRecord, repo: Path) -> None:
    """Only its owner may move a directory into another one; anybody may rename it where it is."""
    state, top = repo.parent / "state", Path(record.path)
    git(repo.parent, "config", "--global", "--add", "safe.directory", "*")
    write(top / "src/deep.txt", "deep")
    give_away(top)

    def act() -> tuple[tuple[str, ...], tuple[str, ...]]:
        manager = WorktreeManager(state)
        entry = manager.delete(record, live_pids=none_alive)
        manager.restore("s1")
        assert manager.verify(record) is None
        again = manager.delete(record, live_pids=none_alive)
        assert again.saved == entry.saved
        dropped = manager.empty_trash()
        manager.settle()
        return entry.saved, dropped

    saved, dropped = ordinary(act)
    assert "2 untracked files" in saved
    assert dropped == ("s1",)
    assert not top.exists()


def test_a_mount_is_never_emptied(record: WorktreeRecord, repo: Path) -> None:
    state, top = repo.parent / "state", Path(record.path)
    precious = write(repo.parent / "elsewhere/precious.txt", "precious").parent
    for name in ("node_modules/cache", "data"):
        (top / name).mkdir(parents=True)
    script = f"""
        mount --bind {precious} {top}/node_modules/cache && mount --bind {precious} {top}/data ||
        exit 77
        exec {sys_executable()} -c '{CHILD}' {state} {repo}
    """
    write(repo.parent / "record.json", _json(record))
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    if done.returncode in {1, 77} and "ermitted" in done.stderr:
        pytest.skip("mounting is not permitted here")
    assert done.returncode == 0, done.stderr
    assert (precious / "precious.txt").read_text() == "precious"


CHILD = """
import sys
from pathlib import Path
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import none_alive
from tests.worktrees.test_failpoints import known_record
manager = WorktreeManager(Path(sys.argv[1]))
record = known_record(Path(sys.argv[2]))
entry = manager.delete(record, live_pids=none_alive)
assert entry.skipped == (), entry
assert any("node_modules, kept since" in phrase for phrase in entry.saved), entry
manager.restore("s1")
assert (Path(record.path) / "node_modules/cache/precious.txt").exists()
manager.delete(record, live_pids=none_alive)
assert manager.empty_trash() == ("s1",)
manager.settle()
assert any("mounted" in finding.reason for finding in manager.reconcile([])), manager.reconcile([])
"""


def sys_executable() -> str:
    import sys

    return sys.executable


def _json(record: WorktreeRecord) -> str:

    from parallel_agents.core.codec import dump

    return dump(record).decode()
