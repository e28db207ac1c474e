"""A repository's set-up and teardown commands, run in a session's worktree.

Keep true: nothing runs unless its present content is trusted; one command at a time, with a
deadline; its output is journalled as it comes; a command that a killed supervisor left is ended
before the next begins; a failed set-up keeps the worktree and can be tried again.
"""

import asyncio
import codecs
import contextlib
import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from parallel_agents.core import events as ev
from parallel_agents.core.errors import UserError
from parallel_agents.supervisor.base.small_files import read_json, write_json
from parallel_agents.supervisor.record.session_ledger import SessionLedger

_LOOK = 0.2
"""Seconds between two reads of a command's output."""

_PATIENCE = 5.0
"""Seconds between asking a command to end and killing it."""

OUTPUT_LIMIT = 64 << 10
"""How much of one command's output is journalled, in bytes; all of it is in its file."""

# The command starts only after its process is recorded, so that it can always be ended. Without the
# line, the shell reads the end of its input and ends by itself.
_HELD = 'IFS= read -r go && exec /bin/sh -c "$1"'


class Steps:
    """Runs the commands of one session, one after the other."""

    def __init__(self, ledger: SessionLedger) -> None:
        self._ledger = ledger
        self._holder = ledger.directory / "step.json"
        self._output = ledger.directory / "step.log"
        self._cancelled = ""

    def cancel(self, reason: str) -> None:
        """End the running command, and start no other.

        Args:
            reason: recorded as the reason.
        """
        self._cancelled = reason

    async def run(
        self, step: ev.Step, commands: Sequence[str], environment: Mapping[str, str], seconds: float
    ) -> None:
        """Run commands in the session's worktree until one fails.

        Args:
            step: what they are for.
            commands: for the shell.
            environment: their whole environment.
            seconds: deadline of each.

        Raises:
            UserError: one failed, took too long, or was cancelled.
        """
        self._cancelled = ""
        await self._end_what_was_left()
        for command in commands:
            await self._ledger.record_patiently(ev.StepStarted(step=step, command=command))
            code, reason = await self._run(command, environment, seconds)
            await self._ledger.record_patiently(ev.StepEnded(step=step, code=code, reason=reason))
            if code != 0 or reason:
                said = reason or f"it ended with exit status {code}"
                raise UserError(f"“{command}”: {said}", "See its output in the transcript.")

    async def _run(
        self, command: str, environment: Mapping[str, str], seconds: float
    ) -> tuple[int, str]:
        try:
            process = await self._start(command, environment)
        except (OSError, ValueError) as error:
            return 127, f"it could not be started: {error}"
        try:
            self._hold(process.pid)
            _let_go(process)
            return await self._follow(process, seconds)
        except (OSError, psutil.Error) as error:
            return 127, f"it could not be followed: {error}"
        finally:
            if process.returncode is None:
                await _end(process.pid)
                await process.wait()
            self._holder.unlink(missing_ok=True)

    async def _start(
        self, command: str, environment: Mapping[str, str]
    ) -> asyncio.subprocess.Process:
        with self._output.open("wb") as output:
            return await asyncio.create_subprocess_exec(
                "/bin/sh", "-c", _HELD, "sh", command,
                stdin=asyncio.subprocess.PIPE, stdout=output, stderr=output,
                cwd=self._ledger.state.place.standing.path, env=dict(environment),
                start_new_session=True, umask=self._ledger.context.umask,
            )  # fmt: skip

    def _hold(self, pid: int) -> None:
        value = {"pid": pid, "created": psutil.Process(pid).create_time()}
        write_json(self._holder, value, sync=False)

    async def _follow(self, process: asyncio.subprocess.Process, seconds: float) -> tuple[int, str]:
        """Journal a command's output until it ends, its time is over, or it is cancelled."""
        reading = _Reading(self._output)
        ends = asyncio.get_running_loop().time() + seconds
        while process.returncode is None and not self._cancelled:
            if asyncio.get_running_loop().time() > ends:
                await _end(process.pid)
                return await process.wait() or 1, f"it took longer than {seconds:g} s and was ended"
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(process.wait()), _LOOK)
            await self._say(reading.more())
        if process.returncode is None:
            await _end(process.pid)
            await process.wait()
        await self._say(reading.rest())
        code = process.returncode or 0
        return (128 - code if code < 0 else code), self._cancelled

    async def _say(self, text: str) -> None:
        if text:
            await self._ledger.record_patiently(ev.StepOutput(text=text))

    async def _end_what_was_left(self) -> None:
        """End the command of a supervisor that was killed, if it is still the same process."""
        held = read_json(self._holder)
        if not isinstance(held, dict):
            return
        with contextlib.suppress(psutil.Error):
            if psutil.Process(held["pid"]).create_time() == held["created"]:
                await _end(held["pid"])
        self._holder.unlink(missing_ok=True)


class _Reading:
    """A command's growing output, as text, up to a limit."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def more(self) -> str:
        """The new output."""
        left = OUTPUT_LIMIT - self._read
        if left <= 0:
            return ""
        with self._path.open("rb") as file:
            file.seek(self._read)
            data = file.read(left)
        self._read += len(data)
        text = self._decoder.decode(data)
        if self._read >= OUTPUT_LIMIT:
            text += f"\n… the rest is in {self._path}\n"
        return text

    def rest(self) -> str:
        """The rest of the output; a character that was cut off is replaced."""
        return self.more() + self._decoder.decode(b"", final=True)


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
