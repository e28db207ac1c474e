"""A repository's set-up and teardown commands, run in a session's worktree.

Keep true: nothing runs unless its present content is trusted; one command at a time, with a
deadline; its output is journalled as it comes; a command that a killed supervisor left is ended
before the next begins; a failed set-up keeps the worktree and can be tried again.
"""

import codecs
from collections.abc import Mapping, Sequence
from pathlib import Path

from parallel_agents.core import events as ev
from parallel_agents.core.errors import UserError
from parallel_agents.supervisor.place.command_runner import CommandEnd, CommandRunner
from parallel_agents.supervisor.record.session_ledger import SessionLedger

OUTPUT_LIMIT = 64 << 10
"""How much of one command's output is journalled, in bytes; all of it is in its file."""


class Steps:
    """Runs the commands of one session, one after the other."""

    def __init__(self, ledger: SessionLedger) -> None:
        self._ledger = ledger
        self._runner = CommandRunner(ledger, ledger.directory / "step.json")
        self._output = ledger.directory / "step.log"

    def cancel(self, reason: str) -> None:
        """End the running command, and start no other.

        Args:
            reason: recorded as the reason.
        """
        self._runner.cancel(reason)

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
        self._runner.rearm()
        await self._runner.end_what_was_left()
        for command in commands:
            await self._ledger.record_patiently(ev.StepStarted(step=step, command=command))
            code, _, reason = await self._run(command, environment, seconds)
            await self._ledger.record_patiently(ev.StepEnded(step=step, code=code, reason=reason))
            if code != 0 or reason:
                said = reason or f"it ended with exit status {code}"
                raise UserError(f"“{command}”: {said}", "See its output in the transcript.")

    async def _run(
        self, command: str, environment: Mapping[str, str], seconds: float
    ) -> CommandEnd:
        reading = _Reading(self._output)

        async def journal() -> None:
            await self._say(reading.more())

        try:
            output = self._output.open("wb")
        except OSError as error:
            return CommandEnd(127, "unable", f"it could not be started: {error}")
        end = await self._runner.run(command, environment, seconds, output, journal)
        await self._say(reading.rest())
        return end

    async def _say(self, text: str) -> None:
        if text:
            await self._ledger.record_patiently(ev.StepOutput(text=text))


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
