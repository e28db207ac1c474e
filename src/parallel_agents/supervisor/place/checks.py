"""The checks of one session: asked for, run one after the other, bound to the files they judge.

Keep true: nothing runs unless its present content is trusted; the tree is written just before a
check starts and once more when it has ended; a check that a killed supervisor left is ended and
called cut; no check leaves a process in its group; however a check ends, its end is journalled.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from parallel_agents.core import events as ev
from parallel_agents.core.errors import (
    StorageError,
    UntrustedError,
    UsageError,
    UserError,
    unforeseen,
)
from parallel_agents.supervisor.base.check_settings import CheckCommand
from parallel_agents.supervisor.base.config import REPOSITORY_SETTINGS, Preset
from parallel_agents.supervisor.base.tasks import Tasks
from parallel_agents.supervisor.place.change_counts import Changes
from parallel_agents.supervisor.place.check_output import CheckOutput
from parallel_agents.supervisor.place.command_runner import CommandEnd, CommandRunner
from parallel_agents.supervisor.record.session_ledger import SessionLedger

log = logging.getLogger(__name__)

_CUT = "the supervisor ended while it ran"
_OUTPUT_SECONDS = 1.0
"""At most this often the journal says that a check has printed more."""

_CLOSE_SECONDS = 15.0
"""How long a check may take to end before the supervisor does without: longer than its patience."""


class Checks:
    """Runs the checks of one session.

    Args:
        ledger: journal and facts.
        changes: writes the worktree as a tree.
        preset: reads the repository's presets as accepted; blocking; raises `UserError`.
        environment: the whole environment of a check.
    """

    def __init__(
        self,
        ledger: SessionLedger,
        changes: Changes,
        preset: Callable[[], Preset],
        environment: Callable[[], Mapping[str, str]],
    ) -> None:
        self._ledger = ledger
        self._changes = changes
        self._preset = preset
        self._environment = environment
        self._runner = CommandRunner(ledger, ledger.directory / "check.json", leaves_none=True)
        self._tasks = Tasks(f"session {ledger.directory.name}", self._failed)
        self._working: asyncio.Task[None] | None = None

    async def commands(self) -> tuple[CheckCommand, ...]:
        """The checks of the repository, as accepted.

        Raises:
            UserError: they were not accepted, or cannot be read.
        """
        if not self._ledger.state.session.options.trusted:
            raise UntrustedError(
                "This session runs without the repository's settings, so it has no checks.",
                "Start a session without --untrusted.",
            )
        return (await self._ledger.context.threads.git(self._preset)).checks

    def output(self, name: str) -> CheckOutput:
        """What a check has printed; `name` must be the name of a check."""
        return CheckOutput(self._ledger.directory, name)

    # --- asked for ----------------------------------------------------------------------

    async def ask(self, names: Sequence[str], key: str) -> None:
        """Run checks, after those that wait already.

        Args:
            names: which; all of them without any.
            key: uuid of the request.

        Raises:
            UserError: there are no such checks, or they may not run.
        """
        known = [command.name for command in await self.commands()]
        if not known:
            raise UsageError(
                "This repository has no checks.", "List them in [checks] of .parallel-agents.toml."
            )
        if unknown := [name for name in names if name not in known]:
            raise UsageError(f"There is no check “{unknown[0]}”.", f"Known: {', '.join(known)}")
        if key not in self._ledger.state.keys:
            self._ledger.record(ev.ChecksAsked(names=tuple(names or known)), key=key)
        self._go_on()

    def stop(self, reason: str, key: str = "", ending: ev.CheckEnding = "stopped") -> None:
        """End the check that runs, and start none of those that wait.

        Args:
            reason: why, for people.
            key: uuid of the request.
            ending: what the end of the one that runs is called.

        Raises:
            StorageError: it could not be journalled; nothing was ended.
        """
        self._ledger.record(ev.ChecksStopped(reason=reason), key=key)
        self._runner.cancel(reason, ending)

    async def end(self, reason: str) -> None:
        """Stop all checks, and wait until none runs."""
        if self._ledger.state.checks.busy:
            self.stop(reason)
            await self._ledger.until(lambda state: state.checks.running is None)

    def recover(self) -> None:
        """End what an earlier supervisor left, and call it cut."""
        if self._ledger.state.checks.busy:
            self._working = self._tasks.start("end checks that were left", self._recover())

    async def _recover(self) -> None:
        await self._runner.end_what_was_left()
        checks = self._ledger.state.checks
        for name in (checks.running.name,) if checks.running else ():
            await self._record_end(name, CommandEnd(1, "cut", _CUT), 0)
        if checks.waiting:
            await self._ledger.record_patiently(ev.ChecksStopped(reason=_CUT))
        await self._work()

    def heard(self, event: ev.Event) -> None:
        """Take note of an event of the agent."""
        if isinstance(event, ev.TurnEnded):
            self._tasks.start("check what the turn changed", self._after_turn())

    async def _after_turn(self) -> None:
        """Run what the repository wants to run now, unless it has judged these very files."""
        await self._changes.recorded()
        try:
            if not self._has_settings():
                return
            commands = await self.commands()
        except UserError:  # whoever asks for a check, or starts the agent again, is told
            return
        due = tuple(each.name for each in commands if each.after_turn and self._is_due(each.name))
        if due:
            await self._ledger.record_patiently(ev.ChecksAsked(names=due, by="turn"))
            self._go_on()

    def _has_settings(self) -> bool:
        """Whether the repository has settings at all; reading them as accepted runs git."""
        record = self._ledger.state.place.record
        return any(
            Path(directory, REPOSITORY_SETTINGS).exists()
            for directory in (record.root, record.checkout)
            if directory
        )

    def _is_due(self, name: str) -> bool:
        checks, place = self._ledger.state.checks, self._ledger.state.place
        running = checks.running
        if running is not None and running.name == name:
            return running.tree != checks.tree
        result = checks.result(name)
        if result is None:
            return place.changes.files > 0
        return not (result.passed or result.failed) or checks.is_stale(result)

    # --- run ----------------------------------------------------------------------------

    def _go_on(self) -> None:
        if self._working is None or self._working.done():
            self._working = self._tasks.start("run checks", self._work())

    async def _work(self) -> None:
        while self._ledger.state.checks.waiting:
            async with self._ledger.context.checking:
                self._runner.rearm()
                waiting = self._ledger.state.checks.waiting
                if waiting and not self._ledger.state.session.deleting:
                    await self._check(waiting[0])
                elif waiting:
                    await self._ledger.record_patiently(ev.ChecksStopped(reason="deleted"))

    async def _check(self, name: str) -> None:
        try:
            command = await self._command(name)
            tree = await self._changes.tree()
            environment = self._environment()
            output = self.output(name)
            file = output.begin()
        except (UserError, OSError) as error:
            said = error.message if isinstance(error, UserError) else str(error)
            await self._record_end(name, CommandEnd(126, "unable", said), 0)
            return
        if self._runner.cancelled:
            file.close()
            return  # whoever asked again meanwhile is served in the next round
        started = ev.CheckStarted(name=name, command=command.command, tree=tree)
        await self._ledger.record_patiently(started)
        begun = time.monotonic()
        watch = _Watch(self._ledger, name, output)
        end = await self._runner.run(
            command.command, environment, command.timeout, file, watch.looked
        )
        await self._record_end(name, end, int((time.monotonic() - begun) * 1000))

    async def _command(self, name: str) -> CheckCommand:
        for command in await self.commands():
            if command.name == name:
                return command
        raise UsageError(f"There is no check “{name}” any more.")

    async def _record_end(self, name: str, end: CommandEnd, ms: int) -> None:
        ran = end.ending != "unable"
        tree = tail = ""
        with contextlib.suppress(UserError, OSError):
            tail = self.output(name).tail() if ran else ""
        with contextlib.suppress(UserError):
            tree = await self._changes.tree() if ran else ""
        await self._ledger.record_patiently(
            ev.CheckEnded(
                name=name,
                code=end.code,
                reason=end.reason,
                ms=ms,
                ending=end.ending,
                tree=tree,
                tail=tail,
            )
        )

    def _failed(self, error: Exception) -> None:
        """A bug of ours got in the way: nobody shall wait for a check that will not end."""
        said = unforeseen(error, str(self._ledger.context.log_file))
        running = self._ledger.state.checks.running
        with contextlib.suppress(StorageError):
            if running is not None:
                self._ledger.record(
                    ev.CheckEnded(name=running.name, code=1, ending="unable", reason=said.message)
                )
            self._ledger.record(ev.ChecksStopped(reason=said.message))

    async def close(self) -> None:
        """End everything, because the supervisor ends or the worktree goes."""
        if self._ledger.state.checks.busy:
            with contextlib.suppress(StorageError):
                self.stop(_CUT, ending="cut")
            if self._ledger.state.checks.running is not None and self._working is not None:
                await asyncio.wait([self._working], timeout=_CLOSE_SECONDS)
        await self._tasks.end()


class _Watch:
    """Follows the output of the check that runs."""

    def __init__(self, ledger: SessionLedger, name: str, output: CheckOutput) -> None:
        self._ledger = ledger
        self._name = name
        self._output = output
        self._size = 0
        self._told_at = 0.0

    async def looked(self) -> None:
        """Keep the output bounded, and journal now and then that it has grown."""
        size = self._output.bound()
        now = time.monotonic()
        if size != self._size and now - self._told_at >= _OUTPUT_SECONDS:
            self._size, self._told_at = size, now
            await self._ledger.record_patiently(ev.CheckOutput(name=self._name, size=size))
