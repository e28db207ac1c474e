"""Killed or starved at any durable step, the same call again ends in the same state."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import parallel_agents.worktrees as package
from parallel_agents.core.errors import StorageError
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import git, none_alive, snapshot_of, write

_SOURCES = "\n".join(
    path.read_text()
    for path in Path(package.__path__[0]).rglob("*.py")
    if "def hit" not in path.read_text()
)
POINTS = sorted(set(re.findall(r'hit\("((?:create|delete|restore)\.[a-z-]+)"\)', _SOURCES)))
"""Of worktrees; those of other places are in `test_place`."""

CHILD = """
import sys
from pathlib import Path
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.test_failpoints import run_create, run_delete
manager = WorktreeManager(Path(sys.argv[1]))
step, repo = sys.argv[2], Path(sys.argv[3])
if step == "create":
    run_create(manager, repo)
elif step == "delete":
    run_delete(manager, repo)
else:
    manager.restore("s1")
"""


def run_create(manager: WorktreeManager, repo: Path) -> WorktreeRecord:
    found = manager.resolve(str(repo))
    base = manager.resolve_base(found, "head")
    return manager.create(found, session="s1", slug="fix-login", base=base)


def run_delete(manager: WorktreeManager, repo: Path) -> None:
    manager.delete(known_record(repo), live_pids=none_alive)


def known_record(repo: Path) -> WorktreeRecord:
    """The record as the supervisor's journal would hold it."""

    from parallel_agents.core.codec import load
    from parallel_agents.core.worktree import WorktreeRecord

    return load((repo.parent / "record.json").read_bytes(), WorktreeRecord)


def keep(record: WorktreeRecord, repo: Path) -> WorktreeRecord:

    from parallel_agents.core.codec import dump

    (repo.parent / "record.json").write_bytes(dump(record))
    return record


def dirty(record: WorktreeRecord) -> Path:
    """Work of every kind."""
    top = Path(record.path)
    write(top / "a.txt", "staged\n")
    git(top, "add", "a.txt")
    write(top / "a.txt", "not staged\n")
    write(top / "new dir/x.txt", "new")
    write(top / "note.log", "ignored")
    write(top / "node_modules/m/index.js", "made again")
    git(top, "rm", "-q", "--cached", "run.sh")
    write(top / "src/c.py", "committed\n")
    git(top, "add", "src/c.py")
    git(top, "commit", "-q", "-m", "work", "--", "src/c.py")
    return top


@pytest.mark.parametrize("left", ["packed-refs.lock", "packed-refs.new"])
@pytest.mark.parametrize("point", ["delete.renamed", "restore.copied"])
def test_what_a_killed_git_leaves_of_the_packed_refs_hinders_nothing(
    prepared: Path, point: str, left: str
) -> None:
    """It makes the new file under one name and locks the old one by another."""
    state = prepared.parent / "state"
    record = keep(run_create(WorktreeManager(state), prepared), prepared)
    top = dirty(record)
    before = without_skipped(snapshot_of(top))
    git(prepared, "pack-refs", "--all")
    if point.startswith("restore"):
        run_delete(WorktreeManager(state), prepared)
        git(prepared, "pack-refs", "--all")
    fail_at(point, "kill", state, prepared)
    os.utime(write(prepared / ".git" / left, ""), (1000, 1000))
    if point.startswith("delete"):
        run_delete(WorktreeManager(state), prepared)
    manager = WorktreeManager(state)
    assert manager.verify(manager.restore("s1")) is None
    assert without_skipped(snapshot_of(top)) == before
    assert not (prepared / ".git" / left).exists()


def without_skipped(found: dict[str, tuple[str, int, bytes]]) -> dict[str, tuple[str, int, bytes]]:
    return {name: value for name, value in found.items() if not name.startswith("node_modules")}


@pytest.fixture
def prepared(repo: Path) -> Path:
    write(repo / ".worktreeinclude", ".env\n")
    write(repo / ".env", "SECRET=1\n")
    return repo


def fail_at(point: str, action: str, manager_dir: Path, repo: Path) -> None:
    """Make one step fail there: by a kill in a process of its own, by an error in this one."""
    step = point.partition(".")[0]
    environment = {
        **os.environ,
        "PA_FAILPOINT": f"{point}:{action}",
        "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
    }
    if action == "kill":
        done = subprocess.run(
            [sys.executable, "-c", CHILD, str(manager_dir), step, str(repo)],
            env=environment,
            capture_output=True,
            check=False,
            cwd=Path(__file__).parents[2],
        )
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()
        return
    manager = WorktreeManager(manager_dir)
    os.environ["PA_FAILPOINT"] = environment["PA_FAILPOINT"]
    try:
        with pytest.raises(StorageError) as caught:
            {"create": run_create, "delete": run_delete}.get(
                step, lambda manager, _: manager.restore("s1")
            )(manager, repo)
        assert caught.value.hint
    finally:
        del os.environ["PA_FAILPOINT"]


def test_every_step_has_a_point() -> None:
    steps = {point.partition(".")[0] for point in POINTS}
    assert steps == {"create", "delete", "restore"}
    assert len(POINTS) > 15


@pytest.mark.parametrize("action", ["kill", "ENOSPC", "EIO"])
@pytest.mark.parametrize("point", [p for p in POINTS if p.startswith("create")])
def test_create_converges(point: str, action: str, tmp_path: Path, prepared: Path) -> None:
    state = tmp_path / "state"
    fail_at(point, action, state, prepared)
    record = run_create(WorktreeManager(state), prepared)
    top = Path(record.path)
    assert WorktreeManager(state).verify(record) is None
    assert git(top, "status", "--porcelain", "--untracked-files=all") == "?? .worktreeinclude" or (
        git(top, "status", "--porcelain") == ""
    )
    assert (top / ".env").read_text() == "SECRET=1\n"
    assert git(top, "symbolic-ref", "HEAD") == "refs/heads/worktree-fix-login"
    assert len(git(prepared, "worktree", "list").split("\n")) == 2
    assert sorted(p.name for p in (prepared / ".git/worktrees").iterdir()) == ["fix-login"]
    assert run_create(WorktreeManager(state), prepared) == record
    git(prepared, "fsck", "--strict")


@pytest.mark.parametrize("point", [p for p in POINTS if p.startswith("create")])
def test_a_creation_that_failed_leaves_nothing(point: str, tmp_path: Path, prepared: Path) -> None:
    if point == "create.finished":
        pytest.skip("the worktree is complete there")
    before = git(prepared, "for-each-ref"), git(prepared, "worktree", "list")
    fail_at(point, "ENOSPC", tmp_path / "state", prepared)
    assert (git(prepared, "for-each-ref"), git(prepared, "worktree", "list")) == before
    assert not (prepared / ".claude/worktrees/fix-login").exists()
    assert not list((tmp_path / "state/creating").glob("*.json"))


@pytest.mark.parametrize("action", ["kill", "ENOSPC", "EIO"])
@pytest.mark.parametrize("point", [p for p in POINTS if p.startswith("delete")])
def test_delete_converges(point: str, action: str, tmp_path: Path, prepared: Path) -> None:
    state = tmp_path / "state"
    manager = WorktreeManager(state)
    top = dirty(keep(run_create(manager, prepared), prepared))
    before, status = without_skipped(snapshot_of(top)), git(top, "status", "--porcelain")
    fail_at(point, action, state, prepared)
    entry = WorktreeManager(state).delete(known_record(prepared), live_pids=none_alive)
    assert not top.exists()
    assert git(prepared, "worktree", "list", "--porcelain").count("worktree ") == 1
    assert git(prepared, "for-each-ref", "refs/heads/worktree-fix-login") == ""
    assert entry.skipped == ("node_modules", ".env")
    assert not list((state / "creating").iterdir())
    assert not (state / "trash/s1/plan.json").exists()
    record = WorktreeManager(state).restore("s1")
    assert without_skipped(snapshot_of(top)) == before
    assert git(top, "status", "--porcelain") == status
    assert WorktreeManager(state).verify(record) is None
    git(prepared, "fsck", "--strict")


@pytest.mark.parametrize("action", ["kill", "ENOSPC", "EIO"])
@pytest.mark.parametrize("point", [p for p in POINTS if p.startswith("restore")])
def test_restore_converges(point: str, action: str, tmp_path: Path, prepared: Path) -> None:
    state = tmp_path / "state"
    manager = WorktreeManager(state)
    record = keep(run_create(manager, prepared), prepared)
    top = dirty(record)
    before, status = without_skipped(snapshot_of(top)), git(top, "status", "--porcelain")
    run_delete(manager, prepared)
    manager.settle()
    fail_at(point, action, state, prepared)
    back = WorktreeManager(state).restore("s1")
    assert without_skipped(snapshot_of(top)) == before
    assert git(top, "status", "--porcelain") == status
    assert WorktreeManager(state).verify(back) is None
    assert WorktreeManager(state).reconcile([back]) == ()
    assert [p.name for p in (state / "trash/s1").iterdir()] == ["restored.json"]
    assert WorktreeManager(state).trash() == ()
    assert git(prepared, "for-each-ref", "refs/parallel-agents") == ""
