"""Many at once, and git killed at any moment."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from parallel_agents.core.errors import GitError
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import (
    Make,
    commit_all,
    git,
    none_alive,
    snapshot_of,
    whole_patch,
    write,
)
from tests.worktrees.test_failpoints import dirty, keep, without_skipped

ROUNDS = 3
AT_ONCE = 24
"""`python -m tests.bench --only checkout` makes 64."""


def test_threads_share_a_repository(manager: WorktreeManager, repo: Path) -> None:
    found = manager.resolve(str(repo))
    base = manager.resolve_base(found, "head")

    def cycle(number: int) -> WorktreeRecord:
        session = f"s{number}"
        slug = manager.slug(found, "same words")
        record = manager.create(found, session=session, slug=slug, base=base)
        write(Path(record.path) / "mine.txt", session)
        assert manager.diff_stat(record).changes.files == 1
        manager.delete(record, live_pids=none_alive)
        return manager.restore(session)

    with ThreadPoolExecutor(8) as pool:
        records = list(pool.map(cycle, range(8)))
    assert len({record.path for record in records}) == 8
    for record in records:
        assert (Path(record.path) / "mine.txt").read_text() == record.session
    assert manager.reconcile(records) == ()
    git(repo, "fsck", "--strict")


def test_many_are_made_at_once_in_one_repository(manager: WorktreeManager, repo: Path) -> None:
    found = manager.resolve(str(repo))
    base = manager.resolve_base(found, "head")
    before = git(repo, "status", "--porcelain"), git(repo, "rev-parse", "HEAD")

    def begin(number: int) -> WorktreeRecord:
        slug = manager.slug(found, "same words")
        return manager.create(found, session=f"s{number}", slug=slug, base=base)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        records = list(pool.map(begin, range(AT_ONCE)))
    assert len({record.branch for record in records}) == AT_ONCE
    assert manager.reconcile(records) == ()
    assert all(git(record.path, "status", "--porcelain") == "" for record in records)
    assert (git(repo, "status", "--porcelain"), git(repo, "rev-parse", "HEAD")) == before


def test_who_waits_for_the_repository_can_leave(manager: WorktreeManager, repo: Path) -> None:
    found = manager.resolve(str(repo))
    base = manager.resolve_base(found, "head")
    with manager._locks.hold(found.common_dir):
        leave = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(
                manager.create, found, session="s", slug="x", base=base, cancelled=leave.is_set
            )
            leave.set()
            with pytest.raises(GitError, match="cancelled"):
                waiting.result(timeout=30)
    assert manager.create(found, session="s", slug="x", base=base).slug == "x"


def test_reading_while_an_agent_commits(manager: WorktreeManager, make: Make) -> None:
    record = make()
    top = Path(record.path)
    code = (
        "import subprocess, sys, pathlib\n"
        "top = pathlib.Path(sys.argv[1])\n"
        "for n in range(25):\n"
        "    (top / f'f{n}.txt').write_text('x')\n"
        "    subprocess.run(['git', '-C', top, 'add', '-A'], check=True)\n"
        "    subprocess.run(['git', '-C', top, 'commit', '-qm', str(n)], check=True)\n"
        "    (top / f'f{n}.txt').unlink()\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(top)]) as agent:
        asked = 0
        while agent.poll() is None:
            manager.diff_stat(record)
            whole_patch(manager, record)
            asked += 1
    assert agent.returncode == 0
    assert asked > 0


CHILD = """
import sys
from pathlib import Path
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.test_failpoints import run_create, run_delete
step, manager, repo = sys.argv[1], WorktreeManager(Path(sys.argv[2])), Path(sys.argv[3])
print("begun", flush=True)
if step == "create":
    run_create(manager, repo)
elif step == "delete":
    run_delete(manager, repo)
else:
    manager.restore("s1")
"""


def killed(step: str, state: Path, repo: Path, seconds: float) -> None:
    """Do a step in another process, and kill that with its git after a while."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, step, str(state), str(repo)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            os.sched_yield()
        below = psutil.Process(child.pid).children(recursive=True)
        child.send_signal(signal.SIGKILL)
        for process in below:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue


def test_supervisor_and_git_killed_at_random(tmp_path: Path, repo: Path) -> None:
    for number in range(300):
        write(repo / f"many/{number}.txt", f"{number}\n" * 20)
    commit_all(repo, "many")
    randomly = random.Random(7)
    for round_ in range(ROUNDS):
        state = tmp_path / f"state{round_}"
        killed("create", state, repo, randomly.random() * 0.12)
        manager = WorktreeManager(state)
        found = manager.resolve(str(repo))
        base = manager.resolve_base(found, "head")
        slug = manager.slug(found, "fix login")  # as a restarted supervisor would: maybe another
        record = manager.create(found, session="s1", slug=slug, base=base)
        assert manager.verify(record) is None
        assert git(record.path, "status", "--porcelain") == ""
        assert len(git(repo, "worktree", "list").split("\n")) == 2
        top = dirty(keep(record, repo))
        before = without_skipped(snapshot_of(top)), git(top, "status", "--porcelain")
        killed("delete", state, repo, randomly.random() * 0.2)
        manager.delete(record, live_pids=none_alive)
        killed("restore", state, repo, randomly.random() * 0.05)
        record = manager.restore("s1")
        assert (without_skipped(snapshot_of(top)), git(top, "status", "--porcelain")) == before
        manager.delete(record, live_pids=none_alive)
        manager.empty_trash()
        assert git(repo, "branch", "--format=%(refname:short)") == "main"
    git(repo, "fsck", "--strict")


def test_a_half_made_worktree_that_breaks_gits_list_is_cleaned(
    manager: WorktreeManager, repo: Path
) -> None:
    """As git leaves it when it is killed between making and writing `commondir`."""
    from tests.worktrees.test_failpoints import fail_at, run_create

    fail_at("create.added", "kill", repo.parent / "state", repo)
    admin = repo / ".git/worktrees/fix-login"
    (admin / "commondir").write_bytes(b"")
    broken = subprocess.run(["git", "-C", str(repo), "worktree", "list"], capture_output=True,
                            check=False)  # fmt: skip
    assert broken.returncode != 0
    record = run_create(manager, repo)
    assert manager.verify(record) is None
    assert len(git(repo, "worktree", "list").split("\n")) == 2


def test_old_temporary_files_are_removed(tmp_path: Path) -> None:
    old = write(tmp_path / "state/tmp/old/index", "x").parent
    os.utime(old, (1000, 1000))
    write(tmp_path / "state/tmp/new/index", "x")
    WorktreeManager(tmp_path / "state")
    assert [path.name for path in (tmp_path / "state/tmp").iterdir()] == ["new"]


def test_early_remains_are_cleaned(manager: WorktreeManager, repo: Path) -> None:
    from tests.worktrees.test_failpoints import fail_at, run_create

    fail_at("create.directories", "kill", repo.parent / "state", repo)
    write(repo / ".git/worktrees/fix-login/locked", "")
    write(repo / ".git/refs/heads/worktree-fix-login.lock", "")
    record = run_create(manager, repo)
    assert record.git_file.endswith("/fix-login")
    assert sorted(p.name for p in (repo / ".git/worktrees").iterdir()) == ["fix-login"]
