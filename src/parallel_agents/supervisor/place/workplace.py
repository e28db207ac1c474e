"""Where a session works: makes its worktree, and verifies it before each start.

Keep true: git runs in threads, never on the event loop; findings become events like everything
else.
"""

import asyncio
import logging
import shlex
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial

from parallel_agents.core import events as ev
from parallel_agents.core.agents import Traits
from parallel_agents.core.errors import UntrustedError, UserError, WorktreeError, unforeseen
from parallel_agents.core.kinds import Kind
from parallel_agents.core.worktree import (
    Base,
    ExecutableConfig,
    Extras,
    Repository,
    WorktreeRecord,
)
from parallel_agents.supervisor.base.config import Preset, preset_of
from parallel_agents.supervisor.base.in_turn import in_turn
from parallel_agents.supervisor.place import place_choice
from parallel_agents.supervisor.place.change_counts import Changes
from parallel_agents.supervisor.place.checks import Checks
from parallel_agents.supervisor.place.rejections import Rejections
from parallel_agents.supervisor.place.setup_commands import Steps
from parallel_agents.supervisor.record.session_ledger import SessionLedger
from parallel_agents.supervisor.run import start_subdirectory
from parallel_agents.supervisor.run.spawn import mode_now, place_variables
from parallel_agents.wire.peer import MARKER
from parallel_agents.worktrees.plumbing import naming, surroundings

log = logging.getLogger(__name__)


class Workplace:
    """The worktree side of a session.

    Attributes:
        changes: what is counted and watched while the agent works.
        rejections: the changes that a person took out.
        checks: the repository's commands that judge the changes.
    """

    def __init__(self, ledger: SessionLedger) -> None:
        self._ledger = ledger
        self._manager = ledger.context.manager
        self._threads = ledger.context.threads
        self._called_off = asyncio.Event()
        self._leaving = False
        self.changes = Changes(ledger)
        self.rejections = Rejections(ledger, self.changes)
        self.checks = Checks(ledger, self.changes, self._verified_preset, self._command_environment)
        self._steps = Steps(ledger)
        ledger.context.ports.keep(ledger.id, ledger.state.place.port, ledger.state.place.ports)

    @property
    def record(self) -> WorktreeRecord:
        """The manager's record of the worktree.

        Raises:
            WorktreeError: there is none yet, or its record cannot be read.
        """
        return self._ledger.state.place.record

    # --- making -----------------------------------------------------------------------

    async def make(self) -> bool:
        """Make the worktree and journal it, or the reason why it could not be made.

        Returns:
            Whether the worktree is ready now.
        """
        self._called_off.clear()
        try:
            if not self._ledger.state.place.setup_owed:
                await self._make_worktree()
            if self._ledger.state.place.setup_owed:
                await self._set_up()
        except UserError as error:
            await self._not_made(error)
            return False
        except Exception as error:
            log.exception("session %s: its worktree could not be made", self._ledger.id)
            await self._not_made(unforeseen(error, str(self._ledger.context.log_file)))
            return False
        return True

    async def _not_made(self, error: UserError) -> None:
        if not self._leaving:
            failed = ev.SetupFailed(message=error.message, hint=error.hint)
            await self._ledger.record_patiently(failed)

    async def _make_worktree(self) -> None:
        progress = self._progress(asyncio.get_running_loop())
        async with in_turn(self._ledger.context.making, self._called_off):
            with self._as_caller():
                record = await self._threads.long(self._make, progress)
        # Before anything else can fail: a deletion takes only a worktree that is journalled.
        await self._ledger.record_patiently(
            ready_event(record, setup=self._ledger.state.session.options.trusted)
        )

    async def _set_up(self) -> None:
        """Assign the session's ports and run the set-up commands that the repository presets."""
        preset = await self._threads.git(self._verified_preset)
        await self._assign_ports(preset.ports)
        if preset.setup and self._presets_run:
            await self._run_set_up(preset)
        await self._ledger.record_patiently(ev.SetupDone())

    @property
    def _presets_run(self) -> bool:
        """Whether the repository's commands apply here: only where we made the place."""
        state = self._ledger.state
        return not state.place.adopted and state.place.traits.is_apart

    async def _assign_ports(self, count: int) -> None:
        if count and not self._ledger.state.place.ports:
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
        """Run the repository's teardown commands; a failure is reported and stops nothing."""
        state = self._ledger.state
        if state.place.worktree is None or state.place.missing or not self._presets_run:
            return
        try:
            with self._as_caller():
                preset = await self._threads.git(self._trusted_preset, self.record)
            await self._run("teardown", preset.teardown, preset.setup_timeout)
        except UserError as error:
            text = f"The teardown did not succeed: {error.message}"
            await self._ledger.record_patiently(ev.Notice(text=text, level="warning"))

    async def tell_removed(self, record: WorktreeRecord) -> None:
        """Run the hooks for a removed directory; failures are reported."""
        if not record.traits.by_hooks:
            return
        context, state = self._ledger.context, self._ledger.state
        try:
            with self._as_caller():
                said = await self._threads.long(
                    place_choice.tell_removed, context, state, record, self._caller()
                )
        except UserError as error:
            said = error.message
        if said:
            text = f"The WorktreeRemove hook did not succeed: {said}"
            await self._ledger.record_patiently(ev.Notice(text=text, level="warning"))

    async def _run(self, step: ev.Step, commands: tuple[str, ...], seconds: float) -> None:
        if commands:
            await self._steps.run(step, commands, self._command_environment(), seconds)

    def _command_environment(self) -> dict[str, str]:
        """The environment of the repository's commands."""
        state = self._ledger.state
        return {**self._caller(), **place_variables(state), MARKER: state.id}

    def heard(self, event: ev.Event) -> None:
        """Take note of an event of the agent."""
        self.changes.heard(event)
        self.checks.heard(event)

    def _verified_preset(self) -> Preset:
        """The repository's presets, as accepted, if the worktree is the recorded one.

        Raises:
            UserError: it is not, or the commands to run were not accepted.
        """
        with self._as_caller():
            if (reason := self._manager.verify(self.record)) is not None:
                raise WorktreeError(f"The worktree is missing: {reason}.", "Delete the session.")
            return self._trusted_preset(self.record)

    def _trusted_preset(self, record: WorktreeRecord) -> Preset:
        """The repository's presets, as accepted; none for a session without trust.

        Raises:
            UntrustedError: the commands to run were not accepted.
        """
        if not self._ledger.state.session.options.trusted:
            return Preset()
        config = self._config_of(record)
        self._check_accepted(record.root, config)
        return preset_of(config)

    def cancel(self) -> None:
        """Cancel making the worktree, or setting it up, as soon as possible."""
        self._called_off.set()
        self._steps.cancel("it was stopped")

    def leave(self) -> None:
        """Cancel without recording a failure: the next supervisor makes the worktree."""
        self._leaving = True
        self.cancel()

    def _make(self, progress: Callable[[int, int], None]) -> WorktreeRecord:
        state = self._ledger.state
        repository = self._manager.resolve(state.place.directory)
        makers: dict[Kind, Callable[[], WorktreeRecord]] = {
            "worktree": partial(self._make_from_base, repository, progress),
            "checkout": partial(
                place_choice.take_checkout, self._ledger.context, state, repository
            ),
            "directory": partial(
                place_choice.make_by_hooks,
                self._ledger.context,
                state,
                repository,
                self._caller(),
                self._called_off.is_set,
            ),
        }
        return makers[state.place.kind]()

    def _make_from_base(
        self, repository: Repository, progress: Callable[[int, int], None]
    ) -> WorktreeRecord:
        state = self._ledger.state
        base = self._manager.resolve_base(
            repository,
            state.place.base,
            branch=state.place.asked_branch,
            cancelled=self._called_off.is_set,
        )
        if state.place.adopted:
            return self._manager.adopt(
                repository, session=state.id, path=state.place.adopted, base=base
            )
        slug = self._manager.slug(
            repository, naming.text_for(base, state.session.name), state.place.branch_pattern
        )
        extras, notes = self._extras(repository, base)
        record = self._manager.create(
            repository,
            session=state.id,
            slug=slug,
            base=base,
            branch=state.place.asked_branch or naming.branch_of(slug, state.place.branch_pattern),
            extras=extras,
            progress=progress,
            cancelled=self._called_off.is_set,
        )
        return start_subdirectory.noted(record, state.place.directory, notes)

    def _extras(self, repository: Repository, base: Base) -> tuple[Extras, tuple[str, ...]]:
        """What the worktree gets beside the tracked files; a stranger's gets none of our files."""
        config = self._manager.executable_config(repository, base.start, stranger=base.stranger)
        trust = self._ledger.context.trust
        accepted = self._ledger.state.session.options.trusted and trust.trusts(
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

    def _as_caller(self) -> AbstractContextManager[None]:
        """Make git use the environment of whoever dispatched the session, as the agent does."""
        return surroundings.of(self._caller())

    def _caller(self) -> dict[str, str]:
        """The environment of whoever dispatched the session, as far as it is kept."""
        return self._ledger.environment()

    def _progress(self, loop: asyncio.AbstractEventLoop) -> Callable[[int, int], None]:
        hub, session = self._ledger.context.hub, self._ledger.id

        def tell(done: int, total: int) -> None:
            loop.call_soon_threadsafe(hub.progress, session, done, total)

        return tell

    # --- before a start ---------------------------------------------------------------

    async def before_spawn(self) -> None:
        """Check everything that must hold before a process starts.

        Raises:
            WorktreeError: the worktree is not the recorded one; it is journalled as missing.
            UntrustedError: the configuration that the process would load was not accepted.
        """
        try:
            with self._as_caller():
                record = await self._threads.git(self._manager.renewed, self.record)
        except WorktreeError as error:
            await self._ledger.record_patiently(ev.WorktreeMissing(reason=error.message))
            raise WorktreeError(
                f"The worktree cannot be used: {error.message}.",
                "See what to do: parallel-agents doctor --worktrees. Deleting the session keeps "
                "its work.",
            ) from error
        if record != self.record:
            await self._ledger.record_patiently(ready_event(record))
        elif self._ledger.state.place.missing:
            await self._ledger.record_patiently(self._ledger.state.place.standing)
        with self._as_caller():
            await self._threads.git(self._check_trust)

    def mode(self, traits: Traits) -> str:
        """The permission mode that an agent starts in; empty for an agent without modes."""
        state, record = self._ledger.state, self.record
        if not traits.mode_in_settings:
            return mode_now(traits, state, "")
        repository = self._manager.resolve(record.checkout or record.root)
        default = self._manager.default_mode(
            repository,
            self._caller(),
            accepted=state.session.options.trusted and not record.stranger,
        )
        return mode_now(traits, state, default)

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
        # The checkout's files are those of the main worktree, which are included anyway.
        return self._manager.executable_config(
            repository,
            record.started_at,
            worktree=record.path if record.traits.is_apart else None,
            partial=record.traits.by_hooks,
            stranger=record.stranger,
        )

    def _check_trust(self) -> None:
        """Check the trust again: the agent or the person may have changed the configuration."""
        if self._ledger.state.session.options.trusted:
            self._check_accepted(*self.loaded_config())

    def _check_accepted(self, root: str, config: ExecutableConfig) -> None:
        if not self._ledger.context.trust.trusts(root, config.digest):
            changed = ", ".join(sorted({file.path for file in config.files}))
            raise UntrustedError(
                "What this agent would load and run has changed: "
                f"{changed or 'all of it was removed'}.",
                "Look at it and accept it: R on the screen, or parallel-agents trust --session "
                f"{self._ledger.id}",
            )

    async def close(self) -> None:
        """Stop the background work."""
        await self.rejections.close()
        await self.checks.close()
        await self.changes.close()


def ready_event(record: WorktreeRecord, *, setup: bool = False) -> ev.WorktreeReady:
    """The event that says a worktree is ready.

    Args:
        record: the manager's record.
        setup: whether set-up commands must run in it.
    """
    return ev.WorktreeReady(
        path=record.path,
        root=record.root,
        branch=record.branch,
        base=record.base,
        base_commit=record.base_commit,
        notes=record.notes,
        record=record,
        setup=setup,
    )
