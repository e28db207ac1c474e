"""Runs one shell command of a repository in a session's worktree.

Keep true: its process is on record before the command begins, so that it can always be ended, also
by a later supervisor; it has a deadline; all that it started in its own process group ends with it
when it is ended from here.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import IO, NamedTuple

import psutil

from parallel_agents.core import events as ev
from parallel_agents.supervisor.base.small_files import read_json, write_json
from parallel_agents.supervisor.record.session_ledger import SessionLedger

_LOOK = 0.2
"""Seconds between two looks at a command's output."""

_PATIENCE = 5.0
"""Seconds between asking a command to end and killing it."""

# The command starts only after its process is recorded, so that it can always be ended. Without the
# line, the shell reads the end of its input and ends by itself.
_HELD = 'IFS= read -r go && exec /bin/sh -c "$1"'


class CommandEnd(NamedTuple):
    """How a command ended.

    Attributes:
        code: its exit status; 128 and the signal's number when it was ended by one.
        ending: what made it end.
        reason: why it did not end by itself, for people; empty when it did.
    """

    code: int
    ending: ev.CheckEnding = "exited"
    reason: str = ""


class CommandRunner:
    """Runs the commands of one session, one after the other.

    Args:
        ledger: the session's.
        holder: where the process of the running command is on record.
        leaves_none: whether what a command leaves running in its process group is ended with it.
    """

    def __init__(self, ledger: SessionLedger, holder: Path, *, leaves_none: bool = False) -> None:
        self._ledger = ledger
        self._holder = holder
        self._leaves_none = leaves_none
        self._cancelled: CommandEnd | None = None

    @property
    def cancelled(self) -> bool:
        """Whether commands are called off."""
        return self._cancelled is not None

    def cancel(self, reason: str, ending: ev.CheckEnding = "stopped") -> None:
        """End the running command, and each that would start before `rearm`.

        Args:
            reason: why, for people.
            ending: what the command's end is called.
        """
        self._cancelled = CommandEnd(1, ending, reason)

    def rearm(self) -> None:
        """Let commands start again."""
        self._cancelled = None

    async def run(
        self,
        command: str,
        environment: Mapping[str, str],
        seconds: float,
        output: IO[bytes],
        looked: Callable[[], Awaitable[None]],
    ) -> CommandEnd:
        """Run a command in the session's worktree.

        Args:
            command: for the shell.
            environment: its whole environment.
            seconds: its deadline.
            output: takes both of its streams; closed here.
            looked: called several times a second while it runs, and once when it has ended.
        """
        try:
            with output:
                process = await self._start(command, environment, output)
        except (OSError, ValueError) as error:
            return CommandEnd(127, "unable", f"it could not be started: {error}")
        try:
            self._hold(process.pid)
            _let_go(process)
            return await self._follow(process, seconds, looked)
        except (OSError, psutil.Error) as error:
            return CommandEnd(127, "unable", f"it could not be followed: {error}")
        finally:
            if process.returncode is None or (self._leaves_none and _has_group(process.pid)):
                await _end(process.pid)
                await process.wait()
            self._holder.unlink(missing_ok=True)

    async def _start(
        self, command: str, environment: Mapping[str, str], output: IO[bytes]
    ) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", _HELD, "sh", command,
            stdin=asyncio.subprocess.PIPE, stdout=output, stderr=output,
            cwd=self._ledger.state.place.standing.path, env=dict(environment),
            start_new_session=True, umask=self._ledger.context.umask,
        )  # fmt: skip

    def _hold(self, pid: int) -> None:
        value = {"pid": pid, "created": psutil.Process(pid).create_time()}
        write_json(self._holder, value, sync=False)

    async def _follow(
        self,
        process: asyncio.subprocess.Process,
        seconds: float,
        looked: Callable[[], Awaitable[None]],
    ) -> CommandEnd:
        """Look at a command until it ends, its time is over, or it is cancelled."""
        ends = asyncio.get_running_loop().time() + seconds
        late = False
        while process.returncode is None and self._cancelled is None and not late:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(process.wait()), _LOOK)
            await looked()
            late = asyncio.get_running_loop().time() > ends
        ended_here = process.returncode is None
        if ended_here:
            await _end(process.pid)
            await process.wait()
        await looked()
        code = process.returncode or 0
        code = 128 - code if code < 0 else code
        if self._cancelled is not None:
            return self._cancelled._replace(code=code)
        if late and ended_here:
            said = f"it took longer than {seconds:g} s and was ended"
            return CommandEnd(code or 1, "late", said)
        return CommandEnd(code)

    async def end_what_was_left(self) -> None:
        """End the command of a supervisor that was killed, if it is still the same process.

        Raises:
            StorageError: the record of it cannot be read.
        """
        held = read_json(self._holder)
        if not isinstance(held, dict):
            return
        with contextlib.suppress(psutil.Error):
            if psutil.Process(held["pid"]).create_time() == held["created"]:
                await _end(held["pid"])
        self._holder.unlink(missing_ok=True)


def _let_go(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None  # noqa: S101 - it is a pipe, as asked for
    with contextlib.suppress(OSError):
        process.stdin.write(b"go\n")
    process.stdin.close()


async def _end(pid: int) -> None:
    """End a command and all that it started in its session: politely first, then by force."""
    for number, patience in ((signal.SIGTERM, _PATIENCE), (signal.SIGKILL, _PATIENCE)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, number)
        await asyncio.to_thread(_wait_for_group, pid, patience)


def _has_group(pid: int) -> bool:
    """Whether a command that has ended left processes in its group."""
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _wait_for_group(pid: int, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while _group_lives(pid) and time.monotonic() < ends:
        time.sleep(0.02)


def _group_lives(pid: int) -> bool:
    """Whether any process of the group is alive, zombies excluded."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if os.getpgid(process.pid) == pid and process.status() != psutil.STATUS_ZOMBIE:
                return True
    return False
