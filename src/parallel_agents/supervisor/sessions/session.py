"""One session and what people can do with it.

Keep true: an action is journalled, under the client's key, before it takes effect, and the same key
acts once; a decision reaches exactly the request it names, with the input that was shown; a message
never starts a process that a person stopped, unless that person sends it now.
"""

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from parallel_agents.agents.base import Agent
from parallel_agents.core import events as ev
from parallel_agents.core.answering import check_fits
from parallel_agents.core.errors import (
    RefusedError,
    StorageError,
    UsageError,
    UserError,
    unforeseen,
)
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.options import Decision
from parallel_agents.core.review_note import note_before
from parallel_agents.core.state import Request, SessionState
from parallel_agents.core.text import as_text
from parallel_agents.core.value import replace
from parallel_agents.supervisor.base.tasks import Tasks
from parallel_agents.supervisor.place.workplace import Workplace
from parallel_agents.supervisor.record.context import Context
from parallel_agents.supervisor.record.session_ledger import DISK_PATIENCE, SessionLedger
from parallel_agents.supervisor.run.driver import Driver
from parallel_agents.supervisor.run.driver_hooks import Hooks
from parallel_agents.supervisor.run.spawn import known_agent


class Session:
    """A session and everything that belongs to it.

    Args:
        context: what all sessions share.
        directory: `sessions/<id>`, which exists.
        agent: its agent program; None uses the one named in the journal.

    Attributes:
        agent: its agent program.
    """

    def __init__(self, context: Context, directory: Path, agent: Agent | None = None) -> None:
        self.context = context
        self.ledger = SessionLedger(context, directory)
        self.agent = agent or known_agent(context.agents, self.ledger.state.session.agent)
        self.workplace = Workplace(self.ledger)
        hooks = Hooks(
            before_spawn=self.workplace.before_spawn,
            heard=self.workplace.heard,
            mode=partial(self.workplace.mode, self.agent.traits),
            ended=self._ended,
        )
        self.driver = Driver(self.ledger, self.agent, hooks)
        self._tasks = Tasks(f"session {directory.name}", self._failed)
        self._making: asyncio.Task[None] | None = None
        self._keeping = asyncio.Lock()

    @property
    def state(self) -> SessionState:
        """The current facts."""
        return self.ledger.state

    @property
    def id(self) -> str:
        """The short id."""
        return self.ledger.id

    # --- life -------------------------------------------------------------------------

    def begin(self, created: ev.SessionCreated) -> None:
        """Journal the dispatch and start work on it.

        Raises:
            StorageError: nothing was started.
        """
        first: list[ev.Event] = [created]
        if created.prompt:  # an adopted worktree may be given something to do later
            first.append(ev.MessageQueued(uuid=new_uuid(), text=created.prompt, by=created.by))
        self.ledger.record(*first, key=created.request)
        self._make()

    def recover(self) -> None:
        """Resume where an earlier supervisor left off."""
        if self.state.session.deleted:
            return
        self.ledger.tell_damage()
        self.workplace.checks.recover()
        if self.state.session.damaged:
            self.ledger.find_lost_run()
        if self.state.place.creating:
            self._make()
            return
        self.driver.adopt()
        self.workplace.rejections.recover()
        if not self.state.process.is_there and self._start_owed():
            self.driver.start()

    def _start_owed(self) -> bool:
        """Whether a message still needs a process that was never started for it.

        A message whose process died does not count: it waits for the person.
        """
        state = self.state
        if not self._start_wanted() or state.place.setup or state.place.missing:
            return False
        process = state.because.get("process")
        return process is None or process.seq < state.because["messages"].seq

    def _make(self) -> None:
        self._making = self._tasks.start("make", self._make_and_start())

    async def _make_and_start(self) -> None:
        made = await self.workplace.make()
        while made and self._start_wanted():
            try:
                self.driver.start()
            except StorageError:
                await asyncio.sleep(DISK_PATIENCE)
            else:
                return

    def _start_wanted(self) -> bool:
        state = self.state
        return bool(
            state.dialogue.messages and not state.session.deleting and not state.process.stopped
        )

    def _failed(self, error: Exception) -> None:
        """Record that making the worktree failed, so that nobody waits for it."""
        said = unforeseen(error, str(self.context.log_file))
        with contextlib.suppress(StorageError):
            self.ledger.record(ev.SetupFailed(message=said.message, hint=said.hint))

    async def close(self) -> None:
        """Release the session; its agent keeps running."""
        if self._making is not None and not self._making.done():
            self.workplace.leave()
            await asyncio.wait({self._making})
        await self._tasks.end()
        await self.driver.detach()
        await self.workplace.close()
        await self.ledger.close()

    async def _ended(self) -> None:
        self.workplace.changes.count()

    # --- messages ---------------------------------------------------------------------

    async def send(
        self,
        key: str,
        text: str,
        *,
        by: str = "person",
        beside: Callable[[], ev.Event] | None = None,
    ) -> None:
        """Queue a message, and start a process for it if there is none.

        Args:
            key: uuid of the message.
            text: what the agent is told.
            by: who says it.
            beside: makes an event to be journalled together with it, or raises.

        Raises:
            UsageError: the message is empty.
            RefusedError: the session cannot take messages now.
            UserError: no process could be started for it; the message was not queued.
        """
        if key in self.state.keys:
            return
        if not text.strip():
            raise UsageError("There is nothing to send.", "Write a message.")
        self.check_present()
        if self._starts_at_a_message():
            await self.driver.check_start()
            if key in self.state.keys:
                return
            self.check_present()
        note = note_before(text, self.state.place)
        queued = ev.MessageQueued(uuid=key, text=as_text(text), by=by, note=note)
        self.ledger.record(queued, *([beside()] if beside is not None else []), key=key)
        if self.state.process.is_there:
            await self.driver.soon(self.driver.flush())
        elif self.state.place.setup is not None:
            self.ledger.record(ev.SetupRetried())
            self._make()
        elif self._starts_at_a_message():
            self.driver.start()

    def _starts_at_a_message(self) -> bool:
        state = self.state
        return not state.process.is_there and state.place.setup is None and not state.place.creating

    def _check_kept(self) -> None:
        if self.state.session.deleting or self.state.session.deleted:
            raise RefusedError(
                f"The session {self.id} is deleted.", f"parallel-agents restore {self.id}"
            )

    def check_present(self) -> None:
        """Refuse an action that needs the conversation while it is not available.

        Raises:
            RefusedError: the session is deleted, or its conversation is open in a terminal.
        """
        self._check_kept()
        if self.state.process.stopped == "attach":
            raise RefusedError(
                "The conversation is open in a terminal.", "Leave it there first (/exit)."
            )

    async def answer(
        self, key: str, decision: Decision, request: str | None, digest: str | None
    ) -> None:
        """Decide a request: compare-and-set on the request and the input that was shown.

        Raises:
            UsageError: several requests are pending and none was named, or the decision does not
                fit.
            UserError: the request is already decided.
            RefusedError: the request differs from the one that was shown.
        """
        if key in self.state.keys:
            return
        found = self.pending(request)
        if digest is not None and digest != found.digest:
            raise RefusedError(
                "The request is not the one you were shown.", "Look at it again, then answer."
            )
        self.agent.traits.check_mode(decision.mode)
        decision = replace(decision, message=as_text(decision.message))
        check_fits(found, decision)
        line = self.agent.decide(found, decision)
        events: list[ev.Event] = [ev.RequestDecided(request=found.id, decision=decision, line=line)]
        if decision.scope == "session":
            events.append(self._granted(found))
        self.ledger.record(*events, key=key)
        await self.driver.soon(self.driver.say(line))

    def pending(self, request: str | None) -> Request:
        """Find a pending request.

        Args:
            request: its id; None for the only one.

        Raises:
            UsageError: several are pending and none was named.
            UserError: none is pending, or the named one no longer is.
        """
        pending = self.state.dialogue.requests
        if request is None and len(pending) == 1:
            return pending[0]
        if request is None and pending:
            names = ", ".join(f"{r.id} ({r.tool_name})" for r in pending)
            raise UsageError(f"Several requests are pending: {names}", "Name one with --request.")
        for candidate in pending:
            if candidate.id == request:
                return candidate
        if request is None:
            raise UserError(
                "This session has no pending request.", f"parallel-agents show {self.id}"
            )
        raise UserError("That request is already answered or withdrawn.", "Nothing to do.")

    def _granted(self, request: Request) -> ev.OptionsChanged:
        options = self.state.session.options
        rules = (*options.rules, *request.rules)
        return ev.OptionsChanged(options=replace(options, rules=tuple(dict.fromkeys(rules))))

    async def interrupt(self, key: str) -> None:
        """End the running turn.

        Raises:
            RefusedError: the agent cannot be interrupted.
            UserError: no turn is running.
        """
        if key in self.state.keys:
            return
        traits = self.agent.traits
        if not traits.can_interrupt:
            raise RefusedError(
                f"The agent “{traits.name}” cannot be interrupted.",
                f"To end its process: parallel-agents stop {self.id}",
            )
        if not self.state.turn.running:
            raise UserError("No turn is running.", f"parallel-agents show {self.id}")
        self.ledger.record(ev.InterruptRequested(), key=key)
        await self.driver.soon(self.driver.say(self.agent.interrupt(new_uuid())))

    # --- process ----------------------------------------------------------------------

    async def stop(self, key: str, reason: ev.StopReason, *, wait: bool = True) -> None:
        """End the process.

        Args:
            key: uuid of the request.
            reason: why; it decides which state the session shows afterwards.
            wait: return only when the process is gone.
        """
        if key not in self.state.keys:
            self.workplace.cancel()
            self.ledger.record(ev.StopRequested(reason=reason), key=key)
            self.driver.stop()
        if wait:
            await self.ledger.until(lambda s: not s.process.is_there and not s.place.creating)

    async def respawn(self, key: str, environment: dict[str, str] | None) -> None:
        """Start the process again with the same conversation, or retry a failed set-up.

        Raises:
            RefusedError: the session is deleted.
        """
        if key in self.state.keys:
            return
        self._check_kept()
        if environment is not None:
            async with self._keeping:
                await self.context.threads.sync(self.ledger.keep_environment, environment)
            if key in self.state.keys:  # the same request was repeated in the meantime
                return
            self._check_kept()
        if self.state.place.setup is not None:
            self.ledger.record(ev.SetupRetried(), key=key)
            self._make()
            return
        if self.state.process.is_there:
            await self.stop(new_uuid(), "restart")
        self.driver.start(key=key)

    # --- small things -----------------------------------------------------------------

    def rename(self, key: str, name: str) -> None:
        """Give the session another display name.

        Raises:
            UsageError: the name is empty or too long.
        """
        if not name.strip() or len(name) > _NAME_LIMIT:
            raise UsageError(f"A name has 1 to {_NAME_LIMIT} characters.")
        if key not in self.state.keys:
            self.ledger.record(ev.Renamed(name=as_text(name.strip())), key=key)

    def pin(self, key: str, *, pinned: bool) -> None:
        """Pin or unpin the session."""
        if key not in self.state.keys and pinned != self.state.session.pinned:
            self.ledger.record(ev.Pinned(pinned=pinned), key=key)

    def seen(self) -> None:
        """Record that a person looked at the latest result."""
        if self.state.unread:
            self.ledger.record(ev.Seen())

    def notice(self, text: str, level: str = "info") -> None:
        """Add a notice to the transcript; if the disk is full, only the notice is lost."""
        try:
            self.ledger.record(ev.Notice(text=text, level="alarm" if level == "alarm" else "info"))
        except StorageError:
            return


_NAME_LIMIT = 200
