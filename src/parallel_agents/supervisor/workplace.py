"""Where a session works: its worktree made, verified, counted, watched.

Keep true: git runs in threads, never on the event loop; a diff is counted at most once at a time
and never more often than it changes; what is found out becomes an event like everything else.
"""

import asyncio
import contextlib
import shlex
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from parallel_agents.core import events as ev
from parallel_agents.core.errors import UntrustedError, UserError, WorktreeError
from parallel_agents.core.worktree import (
    Base,
    ExecutableConfig,
    Extras,
    Repository,
    WorktreeRecord,
    record_from_json,
    to_json,
)
from parallel_agents.supervisor import elsewhere
from parallel_agents.supervisor.config import Preset, preset_of
from parallel_agents.supervisor.files import read_json
from parallel_agents.supervisor.ledger import Ledger
from parallel_agents.supervisor.queueing import in_turn
from parallel_agents.supervisor.steps import Steps, place_variables
from parallel_agents.wire.peer import MARKER
from parallel_agents.worktrees import naming

_SETTLE = 0.3
"""Seconds between a change and its count: an agent writes several files in a row."""


class Workplace:
    """The worktree side of a session.

    Args:
        ledger: journal and facts.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._manager = ledger.context.manager
        self._counting: asyncio.Task[None] | None = None
        self._dirty = False
        self._main_before = ""
        self._shell_used = False
        self._called_off = asyncio.Event()
        self._leaving = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._steps = Steps(ledger)
        ledger.context.ports.keep(ledger.id, ledger.state.port, ledger.state.ports)

    @property
    def record(self) -> WorktreeRecord:
        """The manager's record of the worktree.

        Raises:
            WorktreeError: there is none yet.
        """
        return record_from_json(self._ledger.state.standing.record)

    # --- making -----------------------------------------------------------------------

    async def make(self) -> bool:
        """Make the worktree and journal it, or why it could not be made.

        Returns:
            Whether it stands now.
        """
        self._called_off.clear()
        try:
            if not self._ledger.state.setup_owed:
                await self._make_worktree()
            if self._ledger.state.setup_owed:
                await self._set_up()
        except UserError as error:
            if not self._leaving:
                failed = ev.SetupFailed(message=error.message, hint=error.hint)
                await self._ledger.record_patiently(failed)
            return False
        return True

    async def _make_worktree(self) -> None:
        progress = self._progress(asyncio.get_running_loop())
        async with in_turn(self._ledger.context.making, self._called_off):
            record = await asyncio.to_thread(self._make, progress)
        # Before anything else can fail: only what is journalled is deleted with its session.
        await self._ledger.record_patiently(
            ready_event(record, setup=self._ledger.state.options.trusted)
        )

    async def _set_up(self) -> None:
        """Give the session what the repository presets: its ports, and its set-up commands."""
        record = self.record
        if (reason := await asyncio.to_thread(self._manager.verify, record)) is not None:
            raise WorktreeError(f"The worktree is missing: {reason}.", "Delete the session.")
        preset = await asyncio.to_thread(self._trusted_preset, record)
        await self._assign_ports(preset.ports)
        if preset.setup and self._presets_run:
            await self._run_set_up(preset)
        await self._ledger.record_patiently(ev.SetupDone())

    @property
    def _presets_run(self) -> bool:
        """Whether the repository's commands are for this place: only for one that was made."""
        return not self._ledger.state.adopted and self._ledger.state.place != "checkout"

    async def _assign_ports(self, count: int) -> None:
        if count and not self._ledger.state.ports:
            first = self._ledger.context.ports.assign(self._ledger.id, count)
            await self._ledger.record_patiently(ev.PortsAssigned(first=first, count=count))

    async def _run_set_up(self, preset: Preset) -> None:
        if self._called_off.is_set():
            raise UserError("The set-up was stopped.", "")
        try:
            await self._run("set-up", preset.setup, preset.setup_timeout)
        except UserError as error:
            hint = f"{error.hint} Then try again: parallel-agents respawn {self._ledger.id}"
            raise UserError(error.message, hint) from error

    async def tear_down(self) -> None:
        """Run the repository's teardown commands; what goes wrong is said, and hinders nothing."""
        state = self._ledger.state
        if state.worktree is None or state.missing or not self._presets_run:
            return
        try:
            preset = await asyncio.to_thread(self._trusted_preset, self.record)
            await self._run("teardown", preset.teardown, preset.setup_timeout)
        except UserError as error:
            text = f"The teardown did not succeed: {error.message}"
            await self._ledger.record_patiently(ev.Notice(text=text, level="warning"))

    async def tell_removed(self, record: WorktreeRecord) -> None:
        """Run the hooks for a directory that is gone; what goes wrong is said."""
        if record.kind != "directory":
            return
        context, state = self._ledger.context, self._ledger.state
        try:
            said = await asyncio.to_thread(
                elsewhere.tell_removed, context, state, record, self._caller()
            )
        except UserError as error:
            said = error.message
        if said:
            text = f"The WorktreeRemove hook did not succeed: {said}"
            await self._ledger.record_patiently(ev.Notice(text=text, level="warning"))

    async def _run(self, step: ev.Step, commands: tuple[str, ...], seconds: float) -> None:
        if commands:
            state = self._ledger.state
            environment = {**self._caller(), **place_variables(state), MARKER: state.id}
            await self._steps.run(step, commands, environment, seconds)

    def _trusted_preset(self, record: WorktreeRecord) -> Preset:
        """What the repository presets, as it was accepted; nothing for a session without trust.

        Raises:
            UntrustedError: what would be run was not accepted.
        """
        if not self._ledger.state.options.trusted:
            return Preset()
        config = self._config_of(record)
        self._check_accepted(record.root, config)
        return preset_of(config)

    def cancel(self) -> None:
        """Give up making the worktree, or setting it up, at the next opportunity."""
        self._called_off.set()
        self._steps.cancel("it was stopped")

    def leave(self) -> None:
        """Break off without a word: the next supervisor makes the worktree."""
        self._leaving = True
        self.cancel()

    def _make(self, progress: Callable[[int, int], None]) -> WorktreeRecord:
        state = self._ledger.state
        repository = self._manager.resolve(state.directory)
        base = self._manager.resolve_base(
            repository, state.base, branch=state.asked_branch, cancelled=self._called_off.is_set
        )
        if state.place != "worktree":
            context = self._ledger.context
            return elsewhere.make(
                context, state, repository, self._caller(), self._called_off.is_set
            )
        if state.adopted:
            return self._manager.adopt(repository, session=state.id, path=state.adopted, base=base)
        slug = self._manager.slug(
            repository, naming.text_for(base, state.name), state.branch_pattern
        )
        extras, notes = self._extras(repository, base)
        record = self._manager.create(
            repository,
            session=state.id,
            slug=slug,
            base=base,
            branch=state.asked_branch or naming.branch_of(slug, state.branch_pattern),
            extras=extras,
            progress=progress,
            cancelled=self._called_off.is_set,
        )
        return replace(record, notes=(*record.notes, *notes))

    def _extras(self, repository: Repository, base: Base) -> tuple[Extras, tuple[str, ...]]:
        """What the worktree gets beside the tracked files; a stranger's gets nothing of ours."""
        config = self._manager.executable_config(repository, base.start, stranger=base.stranger)
        trust = self._ledger.context.trust
        accepted = self._ledger.state.options.trusted and trust.trusts(
            repository.root, config.digest
        )
        wishes = self._manager.wishes(
            repository, self._caller(), accepted=accepted and not base.stranger
        )
        if not base.stranger:
            return Extras(links=wishes.links, sparse=wishes.sparse), wishes.notes
        if accepted:
            return Extras(sparse=wishes.sparse), wishes.notes
        why = f"the pull request {base.name} has not been accepted"
        return Extras(without_copies=why, sparse=wishes.sparse), (
            *wishes.notes,
            f"{base.name} is a pull request: started without the repository's settings, hooks and "
            "servers. To accept them at this commit before the start: parallel-agents trust "
            f"{shlex.quote(repository.checkout)} --base {shlex.quote(base.name)}",
        )

    def _caller(self) -> dict[str, str]:
        """The environment of whoever dispatched the session, as far as it is kept."""
        return read_json(self._ledger.directory / "environment.json") or {}

    def _progress(self, loop: asyncio.AbstractEventLoop) -> Callable[[int, int], None]:
        hub, session = self._ledger.context.hub, self._ledger.id

        def tell(done: int, total: int) -> None:
            loop.call_soon_threadsafe(hub.progress, session, done, total)

        return tell

    # --- before a start ---------------------------------------------------------------

    async def before_spawn(self) -> None:
        """Check what must hold before a process is started.

        Raises:
            WorktreeError: the worktree is not the recorded one; journalled as missing.
            UntrustedError: the configuration the process would load was not accepted.
        """
        try:
            record = await asyncio.to_thread(self._manager.renewed, self.record)
        except WorktreeError as error:
            await self._ledger.record_patiently(ev.WorktreeMissing(reason=error.message))
            raise WorktreeError(
                f"The worktree cannot be used: {error.message}.",
                "What to do: parallel-agents doctor --worktrees; a deletion keeps its work.",
            ) from error
        if record != self.record:
            await self._ledger.record_patiently(ready_event(record))
        elif self._ledger.state.missing:
            await self._ledger.record_patiently(self._ledger.state.standing)
        await asyncio.to_thread(self._check_trust)

    def loaded_config(self) -> tuple[str, ExecutableConfig]:
        """What a process started now would load and could run.

        Returns:
            The repository's root, and the configuration of main worktree and session worktree.

        Raises:
            UserError: it cannot be read.
        """
        return self.record.root, self._config_of(self.record)

    def _config_of(self, record: WorktreeRecord) -> ExecutableConfig:
        repository = self._manager.resolve(record.checkout or record.root)
        # The checkout's own files are those of the main worktree, which count anyway.
        return self._manager.executable_config(
            repository,
            record.started_at,
            worktree=None if record.kind == "checkout" else record.path,
            partial=record.kind == "directory",
            stranger=record.stranger,
        )

    def _check_trust(self) -> None:
        """The agent, or the person, may have changed what a new process would load."""
        if self._ledger.state.options.trusted:
            self._check_accepted(*self.loaded_config())

    def _check_accepted(self, root: str, config: ExecutableConfig) -> None:
        if not self._ledger.context.trust.trusts(root, config.digest):
            changed = ", ".join(sorted({file.path for file in config.files}))
            raise UntrustedError(
                f"What this agent would load and run was changed: {changed or 'nothing is left'}.",
                "Look at it and accept it: R on the screen, or parallel-agents trust --session "
                f"{self._ledger.id}",
            )

    def vanished(self) -> bool:
        """Whether the worktree's `.git` file is gone; cheap enough to ask every second."""
        worktree = self._ledger.state.worktree
        if worktree is None:
            return False
        place = Path(worktree.path)
        return not (place if self._ledger.state.place != "worktree" else place / ".git").exists()

    # --- while it works ---------------------------------------------------------------

    def heard(self, event: ev.Event) -> None:
        """Take note of an event of the agent."""
        match event:
            case ev.TurnStarted():
                self._shell_used = False
                self._spawn(self._remember_main())
            case ev.ToolUsed(name="Bash"):
                self._shell_used = True
            case ev.ToolReturned():
                self.count()
            case ev.TurnEnded():
                self.count()
                self._spawn(self._compare_main())
            case _:
                pass

    def count(self) -> None:
        """Count the diff soon; asked while counting, it is counted once more."""
        self._dirty = True
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._count())

    async def _count(self) -> None:
        while self._dirty:
            await asyncio.sleep(_SETTLE)
            self._dirty = False
            async with self._ledger.context.counting:
                with contextlib.suppress(UserError):
                    await self._count_once()

    async def _count_once(self) -> None:
        found = await asyncio.to_thread(self._manager.changes, self.record)
        before = self._ledger.state.changes
        after = (found.files, found.insertions, found.deletions)
        if after != (before.files, before.insertions, before.deletions):
            event = ev.ChangesCounted(files=after[0], insertions=after[1], deletions=after[2])
            await self._ledger.record_patiently(event)

    async def _remember_main(self) -> None:
        self._main_before = await self._fingerprint()

    async def _compare_main(self) -> None:
        """The CLI's fence stops edits, not shell writes: say when the user's checkout changed."""
        before = self._main_before
        if not self._shell_used or not before or self._ledger.state.place == "checkout":
            return
        if await self._fingerprint() != before:
            detail = "a command of the agent may have done it, or you did"
            await self._ledger.record_patiently(ev.MainCheckoutChanged(detail=detail))

    async def _fingerprint(self) -> str:
        async with self._ledger.context.counting:
            try:
                return await asyncio.to_thread(self._manager.main_fingerprint, self.record.root)
            except UserError:
                return ""

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.add(task := asyncio.create_task(work))
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End what runs beside."""
        tasks = [*self._tasks, *([self._counting] if self._counting else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def ready_event(record: WorktreeRecord, *, setup: bool = False) -> ev.WorktreeReady:
    """The event that says a worktree stands.

    Args:
        record: the manager's record.
        setup: whether set-up commands are to be run in it.
    """
    return ev.WorktreeReady(
        path=record.path,
        root=record.root,
        branch=record.branch,
        base=record.base,
        base_commit=record.base_commit,
        notes=record.notes,
        record=to_json(record),
        setup=setup,
    )
