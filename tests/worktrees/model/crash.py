"""Let one operation be killed, or fail, at a random point; then it is asked for again.

Keep true: the operation runs in a forked process that is killed by its own pid; a git that it
started is killed by its own, too, or lives on, as it would.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil

from parallel_agents.core.errors import UserError
from parallel_agents.worktrees.plumbing import git_process
from tests.worktrees.test_failpoints import POINTS

_FAILED = 3
_BROKEN = 4
_DEADLINE_SECONDS = 60.0


@dataclass(frozen=True)
class Crash:
    """One way to fail.

    Attributes:
        kind: `step` (a failpoint), `git` (inside a git call) or `moment` (any time).
        point: for a step: the value of `PA_FAILPOINT`.
        number: for git: which call, counted from 0.
        writes: for git: only calls that write count.
        seconds: for git: after its start; for a moment: after the beginning.
        victims: `git`, `us` or `both`.
    """

    kind: str
    point: str = ""
    number: int = 0
    writes: bool = True
    seconds: float = 0.0
    victims: str = "both"

    def __str__(self) -> str:
        if self.kind == "step":
            return f"step {self.point}"
        if self.kind == "moment":
            return f"{self.victims} killed after {self.seconds:.4f} s"
        what = "write" if self.writes else "call"
        return f"{self.victims} killed in {what} {self.number} of git after {self.seconds:.4f} s"


def draw(rng: random.Random, operation: str, often: float) -> Crash | None:
    """Choose how an operation fails, or that it does not.

    Args:
        rng: the choice.
        operation: `create`, `delete` or `restore`.
        often: how probable a failure is.
    """
    chance = rng.random()
    kind = rng.choices(["git", "step", "moment"], [6, 2, 2])[0]
    writes = rng.random() < 0.7
    most = {"create": 2, "delete": 8, "restore": 3}[operation] if writes else 24
    git = Crash(
        kind="git",
        number=rng.randrange(most),
        writes=writes,
        seconds=rng.choice([0.0, 0.001, rng.uniform(0, 0.004), rng.uniform(0, 0.012)]),
        victims=rng.choice(["git", "us", "both"]),
    )
    points = [point for point in POINTS if point.startswith(operation)]
    step = Crash(
        kind="step", point=f"{rng.choice(points)}:{rng.choice(['kill', 'kill', 'ENOSPC', 'EIO'])}"
    )
    moment = Crash(kind="moment", seconds=rng.uniform(0, 0.3), victims=rng.choice(["us", "both"]))
    return {"git": git, "step": step, "moment": moment}[kind] if chance < often else None


def attempt(action: Callable[[], object], crash: Crash, tally: Counter[str]) -> None:
    """Carry an operation out in a process of its own that fails in the given way.

    Args:
        action: the operation.
        crash: how it fails.
        tally: counts of what really happened.
    """
    reader, writer = os.pipe()
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _child(action, crash, writer)
    os.close(writer)
    if crash.kind == "moment":
        time.sleep(crash.seconds)
        _kill(pid, with_git=crash.victims == "both", tally=tally)
    status = _wait(pid)
    with os.fdopen(reader, "rb") as told:
        inside = told.read()
    tally["tries"] += 1
    tally["kills inside git"] += b"i" in inside
    tally["kills of ours"] += os.WIFSIGNALED(status)
    tally["failed steps"] += os.WIFEXITED(status) and os.WEXITSTATUS(status) == _FAILED
    tally["not reached"] += status == 0
    assert not os.WIFEXITED(status) or os.WEXITSTATUS(status) in (0, _FAILED), "a traceback"


def _child(action: Callable[[], object], crash: Crash, told: int) -> None:
    code = _BROKEN
    try:
        if crash.kind == "step":
            os.environ["PA_FAILPOINT"] = crash.point
        with _dying_in_git(crash, told):
            action()
        code = 0
    except UserError:
        code = _FAILED if crash.kind != "moment" else _BROKEN
        if code == _BROKEN:
            traceback.print_exc()
    except BaseException:  # noqa: BLE001 - the parent learns of it by the exit status
        traceback.print_exc()
    finally:
        os._exit(code)


@contextmanager
def _dying_in_git(crash: Crash, told: int) -> Iterator[None]:
    """Put a kill behind the start of one git call; only ever in a process of its own."""
    started = git_process._started
    calls = 0

    def start(task: git_process.Task) -> subprocess.Popen[bytes]:
        nonlocal calls
        popen = started(task)
        if crash.kind == "git" and (task.lock_fd is not None or not crash.writes):
            if calls == crash.number:
                _die(crash, popen, told)
            calls += 1
        return popen

    git_process._started = start
    yield


def _die(crash: Crash, popen: subprocess.Popen[bytes], told: int) -> None:
    time.sleep(crash.seconds)
    if popen.poll() is None:
        os.write(told, b"i")
    if crash.victims != "us" and popen.returncode is None:
        os.killpg(popen.pid, signal.SIGKILL)
    if crash.victims != "git":
        os.kill(os.getpid(), signal.SIGKILL)


def _kill(pid: int, *, with_git: bool, tally: Counter[str]) -> None:
    """Kill a process, and the git that it runs just now."""
    children: list[psutil.Process] = []
    with suppress(psutil.Error):
        children = psutil.Process(pid).children()
    os.kill(pid, signal.SIGKILL)
    tally["kills inside git"] += bool(children)
    for child in children if with_git else []:
        try:
            child.kill()
        except psutil.Error:
            continue


def _wait(pid: int) -> int:
    ends = time.monotonic() + _DEADLINE_SECONDS
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        if time.monotonic() > ends:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise AssertionError("an operation did not end")
        time.sleep(0.002)
