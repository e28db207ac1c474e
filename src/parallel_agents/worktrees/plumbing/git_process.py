"""Run one git process to its end.

Keep true: GitPython is imported only here, as a short-lived starter of one process; the process
ends by its deadline, with its whole process group; its environment is the caller's
(`surroundings`), without `GIT_*` variables except those of the user's own configuration.
"""

import os
import selectors
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import IO, TYPE_CHECKING

from parallel_agents.core.errors import GitError
from parallel_agents.worktrees.plumbing import surroundings
from parallel_agents.worktrees.plumbing.pipes import PATIENCE, Pipes
from parallel_agents.worktrees.plumbing.porcelain import text

if TYPE_CHECKING:
    import git

OUTPUT_LIMIT = 256 * 1024 * 1024
_STOP_SECONDS = 2.0
_REFRESH = "GIT_PYTHON_REFRESH"
_KEPT = frozenset({
    "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_SSH", "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_EXEC_PATH",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One git process to run.

    Args:
        directory: where it works.
        args: subcommand and arguments.
        env: additions to the environment.
        stdin: bytes for its standard input.
        seconds: deadline.
        on_stderr: called with pieces of its error output as they arrive.
        cancelled: called about ten times a second; true stops git.
        lock_fd: a descriptor for it to inherit.
        umask: umask for the files that it creates; -1 means ours.
    """

    directory: str
    args: tuple[str, ...]
    env: Mapping[str, str]
    stdin: bytes = b""
    seconds: float
    on_stderr: Callable[[bytes], None] | None = None
    cancelled: Callable[[], bool] | None = None
    lock_fd: int | None = None
    umask: int = -1


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one git call: its output as bytes, and the exit status."""

    stdout: bytes
    stderr: bytes
    returncode: int

    @property
    def line(self) -> str:
        """The first line of the output, as a name."""
        return text(self.stdout.partition(b"\n")[0])

    @property
    def text(self) -> str:
        """The output without its final newline, as a name; names may contain newlines."""
        return text(self.stdout.removesuffix(b"\n"))


class CancelledError(GitError):
    """The caller's `cancelled` returned true, and git was stopped."""


@dataclass(slots=True)
class _Call:
    """A running git, and its output so far."""

    task: Task
    popen: "subprocess.Popen[bytes]"
    stdin: bytes
    began: float
    pipes: Pipes
    stdout: bytearray = field(default_factory=bytearray)
    stderr: bytearray = field(default_factory=bytearray)


def run(task: Task) -> Result:
    """Run git to its end.

    Args:
        task: what to run.

    Returns:
        Its output, and its exit status, whatever that is.

    Raises:
        GitError: git is not installed, or the deadline passed.
        CancelledError: `cancelled` returned true.
    """
    with _started(task) as popen:
        pipes = Pipes(task.directory, task.env.get("GIT_DIR"))
        call = _Call(task=task, popen=popen, stdin=task.stdin, began=time.monotonic(), pipes=pipes)
        try:
            return _pump(call)
        finally:
            _stop(popen)
            pipes.close()


_loading = threading.Lock()


def _gitpython() -> "type[git.Git]":
    """Load GitPython at the first git call: the supervisor answers its first client earlier."""
    with _loading:
        return _load_gitpython()


@cache
def _load_gitpython() -> "type[git.Git]":
    """Import GitPython so that a missing git becomes our error, raised at the first use."""
    before = os.environ.get(_REFRESH)
    os.environ[_REFRESH] = "quiet"
    try:
        import git
    finally:
        if before is None:
            del os.environ[_REFRESH]
        else:
            os.environ[_REFRESH] = before
    return git.Git


def _inherited() -> dict[str, str]:
    """Select what git inherits from the caller's environment."""
    return {
        name: value
        for name, value in surroundings.current().items()
        if not name.startswith("GIT_") or name in _KEPT
    }


def _without(env: Mapping[str, str]) -> list[str]:
    """Return the command that drops our variables: GitPython can only add to the environment.

    It gets only names, no values, because anybody can see a process's arguments.
    """
    names = [name for name in os.environ if name not in env]
    if not names:
        return []
    words = [shutil.which("env") or "/usr/bin/env"]
    for name in names:
        words += ["-u", name]
    return words


def _started(task: Task) -> "subprocess.Popen[bytes]":
    # First, because loading it changes the environment that is read below.
    starter = _gitpython()
    env = {**_inherited(), **task.env}
    if shutil.which("git", path=env.get("PATH", os.defpath)) is None:
        raise GitError(
            "git was not found", "Install git and make sure it is on PATH.", returncode=-1
        )
    # Git changes to the directory itself, and fails if that is gone; GitPython would continue
    # in ours.
    process = starter("/").execute(
        [*_without(env), "git", "-C", task.directory, "--no-pager", *task.args],
        as_process=True,
        istream=subprocess.PIPE if task.stdin else None,
        env=env,
        start_new_session=True,
        umask=task.umask,
        pass_fds=() if task.lock_fd is None else (task.lock_fd,),
    )
    popen = process.proc
    process.proc = None  # otherwise its finaliser would signal the process behind our back
    assert popen is not None  # noqa: S101
    return popen


def _pump(call: _Call) -> Result:
    """Write to and read from the process until it has closed its pipes and ended."""
    with selectors.DefaultSelector() as selector:
        _register(selector, call.popen.stdout, "stdout")
        _register(selector, call.popen.stderr, "stderr")
        if call.popen.stdin is not None:
            os.set_blocking(call.popen.stdin.fileno(), False)
            selector.register(call.popen.stdin, selectors.EVENT_WRITE, "stdin")
        while selector.get_map():
            _check(call)
            for key, _ in selector.select(call.pipes.pause):
                _move(selector, call, key)
            if call.popen.poll() is not None and not selector.select(0):
                break  # it ended, but a descendant keeps a pipe open
    while call.popen.poll() is None:
        _check(call)
        try:
            call.popen.wait(call.pipes.pause)
        except subprocess.TimeoutExpired:
            continue
    return Result(bytes(call.stdout), bytes(call.stderr), call.popen.returncode)


def _register(selector: selectors.BaseSelector, stream: IO[bytes] | None, name: str) -> None:
    if stream is not None:
        os.set_blocking(stream.fileno(), False)
        selector.register(stream, selectors.EVENT_READ, name)


def _move(selector: selectors.BaseSelector, call: _Call, key: selectors.SelectorKey) -> None:
    if key.data == "stdin":
        try:
            written = os.write(key.fd, call.stdin[:65536])
        except BrokenPipeError:
            written = len(call.stdin)
        call.stdin = call.stdin[written:]
        if not call.stdin:
            selector.unregister(key.fileobj)
            assert call.popen.stdin is not None  # noqa: S101
            call.popen.stdin.close()
        return
    data = os.read(key.fd, 1 << 20)
    if not data:
        selector.unregister(key.fileobj)
    elif key.data == "stdout":
        call.stdout += data
    else:
        call.stderr += data
        if call.task.on_stderr is not None:
            call.task.on_stderr(data)


def _check(call: _Call) -> None:
    if call.task.cancelled is not None and call.task.cancelled():
        raise CancelledError(f"git {call.task.args[0]} was cancelled", returncode=-1)
    took = time.monotonic() - call.began
    if took > PATIENCE:
        call.pipes.let_go()
    # If it has ended, it was not late: perhaps it was our own process that was suspended.
    if took > call.task.seconds and call.popen.poll() is None:
        raise GitError(
            f"git {call.task.args[0]} did not end in time and was stopped",
            "See whether the disk, the network, a pipe or another git keeps it waiting, "
            "then try again.",
            returncode=-1,
        )
    if len(call.stdout) + len(call.stderr) > OUTPUT_LIMIT:
        raise GitError(f"git {call.task.args[0]} printed more than can be handled", returncode=-1)


def _stop(popen: "subprocess.Popen[bytes]") -> None:
    """End the process group; the first signal lets git remove its lock files."""
    if popen.poll() is None:
        _signal(popen, signal.SIGTERM)
        try:
            popen.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            _signal(popen, signal.SIGKILL)
            popen.wait()
    for stream in (popen.stdin, popen.stdout, popen.stderr):
        if stream is not None:
            stream.close()


def _signal(popen: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    try:
        os.killpg(popen.pid, number)
    except ProcessLookupError:
        return
