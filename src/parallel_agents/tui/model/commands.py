"""What a person does to a session, as requests to the supervisor.

Keep true: nothing is painted from here; every action names the session it was meant for by id, so
that a row that moved is never hit; what was typed is not lost when it cannot be sent; a session is
deleted only by two presses on the same id within `ARMED` seconds, or after a question that lists
it, and never from the input; a press too many stops no other session.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

from parallel_agents.core.errors import RefusedError, UserError
from parallel_agents.core.events import FileViewed
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.state import SessionState
from parallel_agents.core.text import safe_line
from parallel_agents.tui.model.deletion_words import was_saved, would_save
from parallel_agents.tui.model.request_card import Verdict
from parallel_agents.tui.model.store import Store
from parallel_agents.wire import messages as m
from parallel_agents.wire.request import Request

R = TypeVar("R")

ARMED = 2.0
"""Seconds within which a second Ctrl+X on the same session deletes it."""

REST = 0.8
"""Seconds without Ctrl+X after a deletion until it counts again: it may be held down."""

Tone = Literal["information", "warning", "error"]
Say = Callable[[str, Tone, str], None]


class Commands:
    """Acts on sessions.

    Args:
        store: whom to ask.
        say: tells the person something: text, which is made safe here, tone and topic.
        clock: seconds that only ever grow.
    """

    def __init__(self, store: Store, say: Say, clock: Callable[[], float]) -> None:
        self._store = store
        self._say = say
        self._clock = clock
        self._armed: tuple[str, float] | None = None
        self._resting_until = 0.0
        self._deleted: list[str] = []
        self._wanted_back: set[str] = set()

    def say(self, text: str, tone: Tone = "information", *, topic: str = "") -> None:
        """Tell the person something; foreign text in it is made safe.

        Args:
            text: what to say.
            tone: how bad it is.
            topic: what it is about; it replaces what was said before about the same.
        """
        self._say(safe_line(text), tone, topic)

    def complain(self, error: UserError, *, topic: str = "") -> None:
        """Tell the person what went wrong and what to do; `topic` as in `say`."""
        self.say(f"{error.message} {error.hint}".strip(), "error", topic=topic)

    async def ask(self, message: Request[R], *, raises: type[UserError] | None = None) -> R | None:
        """Ask the supervisor; a refusal is told to the person, and None returned.

        Args:
            message: the request.
            raises: a kind of refusal that is raised instead.
        """
        try:
            return await self._store.ask(message)
        except UserError as error:
            if raises is not None and isinstance(error, raises):
                raise
            self.complain(error)
            return None

    def _name(self, session: str) -> str:
        state = self._store.mirror.sessions.get(session)
        return state.session.name if state is not None and state.session.name else session

    # --- the conversation ---------------------------------------------------------------------

    async def send(self, session: str, text: str) -> bool:
        """Send a reply; returns whether it was taken."""
        message = m.Send(key=new_uuid(), session=session, text=text)
        return await self.ask(message) is not None

    async def answer(self, verdict: Verdict) -> bool:
        """Send a decision; returns whether it was taken."""
        identity = verdict.identity
        message = m.Answer(
            key=new_uuid(),
            session=identity.session,
            request=identity.request,
            digest=identity.digest,
            decision=verdict.decision,
        )
        return await self.ask(message) is not None

    async def interrupt(self, session: str) -> None:
        """End the running turn."""
        if await self.ask(m.Interrupt(key=new_uuid(), session=session)) is not None:
            self.say("Interrupted.")

    async def run_checks(self, session: str, names: tuple[str, ...] = ()) -> None:
        """Run checks of the repository, all of them without names."""
        message = m.RunChecks(key=new_uuid(), session=session, names=names)
        if await self.ask(message) is not None:
            what = ", ".join(names) or "all checks"
            self.say(f"Running {what} in {self._name(session)}.", topic=f"checks {session}")

    async def send_check(self, session: str, name: str) -> None:
        """Tell the agent of a failed check; without a name, of the one that failed last."""
        message = m.SendCheck(key=new_uuid(), session=session, name=name)
        if await self.ask(message) is not None:
            self.say(f"Sent to {self._name(session)}.", topic=f"checks {session}")

    async def seen(self, state: SessionState) -> None:
        """A finished session is being looked at."""
        if state.unread:
            await self.ask(m.MarkSeen(session=state.id))

    async def mark_viewed(self, session: str, mark: FileViewed, *, viewed: bool) -> None:
        """Mark a file as viewed, or take the mark back."""
        message = m.MarkViewed(
            key=new_uuid(),
            session=session,
            path=mark.path,
            blob=mark.blob,
            gone=mark.gone,
            viewed=viewed,
        )
        await self.ask(message)

    # --- stop, delete, undo -------------------------------------------------------------------

    async def stop(self, session: str, *, typing: bool) -> None:
        """Stop a session; the second time in a row, delete it.

        Args:
            session: its id.
            typing: the key came from the input, where nothing is deleted.
        """
        now = self._clock()
        if now < self._resting_until:
            self._resting_until = now + REST
            return
        armed, self._armed = self._armed, None
        if typing:
            await self._stop(session, "Stopping")
            return
        first = armed[0] if armed is not None and now - armed[1] <= ARMED else None
        if first == session:
            self._resting_until = now + REST
            await self._delete(session)
            return
        if first is not None and self._store.successor == session:
            self.say(f"{self._name(first)} is gone. Ctrl+X now stops {self._name(session)}.")
            return
        armed = self._armed = (session, now)
        self._store.hold_place()
        await self._stop(session, "Ctrl+X again deletes")
        await self._foretell(session, armed)

    async def _stop(self, session: str, doing: str) -> None:
        state = self._store.mirror.sessions.get(session)
        if state is None or state.session.deleting:
            return
        self.say(f"{doing} {self._name(session)}.", topic=session)
        if state.process.is_there or state.place.creating:
            await self.ask(m.Stop(key=new_uuid(), session=session, wait=False))

    async def _foretell(self, session: str, armed: tuple[str, float]) -> None:
        """Say what a deletion would save, while it can still be meant."""
        state = self._store.mirror.sessions.get(session)
        if state is None or state.session.deleting or state.place.worktree is None:
            return
        try:
            own = await self._store.ask(m.OwnWork(session=session))
        except UserError:  # the deletion itself says what is wrong
            return
        if self._armed == armed and self._clock() - armed[1] <= ARMED:
            self.say(would_save(self._name(session), own), topic=session)

    async def _delete(self, session: str) -> None:
        name, key = self._name(session), new_uuid()
        if await self.ask(m.Delete(key=key, session=session, wait=False)) is None:
            return
        self._deleted.append(session)
        self.say(f"Deleted {name}. u brings it back.", topic=session)
        try:
            told = await self._store.ask(m.Delete(key=key, session=session, wait=True))
        except UserError as error:
            if session in self._deleted:  # not called back by the person
                self._deleted.remove(session)
                self.complain(error, topic=session)
            return
        if session in self._deleted:
            self.say(was_saved(name, told), topic=session)

    async def undo(self) -> None:
        """Bring back what was deleted last; from an earlier screen too."""
        self._resting_until = 0.0
        session = self._deleted.pop() if self._deleted else await self._last_deleted()
        if session is None:
            self.say("Nothing to undo.")
            return
        state = self._store.mirror.sessions.get(session)
        if state is None or state.session.deleted:
            await self.restore(session)
            return
        try:
            await self._store.ask(m.CancelDelete(key=new_uuid(), session=session))
            self.say(f"{self._name(session)} is back.", topic=session)
            self._store.select_when_there(session)
        except RefusedError:
            self._wanted_back.add(session)
            await self.bring_back()
        except UserError as error:
            self.complain(error)

    async def bring_back(self) -> None:
        """Restore what was called back while its deletion was already under way."""
        for session in tuple(self._wanted_back):
            state = self._store.mirror.sessions.get(session)
            if state is None or state.session.deleted:
                self._wanted_back.discard(session)
                await self.restore(session)
            elif not state.session.deleting:
                self._wanted_back.discard(session)

    async def _last_deleted(self) -> str | None:
        reply = await self.ask(m.ListTrash())
        entries = reply.entries if reply else ()
        latest = max(entries, key=lambda entry: entry.deleted_at, default=None)
        return latest.id if latest else None

    async def restore(self, session: str) -> None:
        """Bring a session back from the trash."""
        row = await self.ask(m.Restore(key=new_uuid(), session=session))
        if row is not None:
            self.say(f"{row.name or session} is back.", topic=session)
            self._store.select_when_there(session)

    # --- several at once ----------------------------------------------------------------------

    async def each(self, requests: Sequence[Request[R]]) -> int:
        """Ask the same of several sessions; refusals are told, and stop none of the others.

        Returns:
            How many were carried out.
        """
        replies = await asyncio.gather(*(self.ask(request) for request in requests))
        return sum(reply is not None for reply in replies)

    async def stop_several(self, sessions: Sequence[str]) -> None:
        """Stop several sessions."""
        stops = [m.Stop(key=new_uuid(), session=session, wait=False) for session in sessions]
        self.say(f"Stopping {_sessions(await self.each(stops))}.")

    async def delete_several(self, sessions: Sequence[str]) -> None:
        """Delete several sessions."""
        keys = {session: new_uuid() for session in sessions}
        asked = [m.Delete(key=key, session=one, wait=False) for one, key in keys.items()]
        self._deleted += sessions
        self.say(f"Deleting {_sessions(await self.each(asked))}. u brings them back one by one.")
        for session, key in keys.items():
            try:
                await self._store.ask(m.Delete(key=key, session=session, wait=True))
            except UserError as error:
                if session in self._deleted:  # not called back by the person
                    self._deleted.remove(session)
                    self.complain(error, topic=session)

    async def pin_several(self, sessions: Sequence[str], *, pinned: bool) -> None:
        """Pin several sessions, or unpin them."""
        pins = [m.Pin(key=new_uuid(), session=session, pinned=pinned) for session in sessions]
        await self.each(pins)

    # --- small things -------------------------------------------------------------------------

    async def pin(self, state: SessionState) -> None:
        """Pin a session, or let it go."""
        await self.ask(m.Pin(key=new_uuid(), session=state.id, pinned=not state.session.pinned))

    async def archive(self, sessions: Sequence[str], *, archived: bool) -> bool:
        """Put sessions out of the list, or take them back; returns whether all of them were."""
        asked = [m.Archive(key=new_uuid(), session=s, archived=archived) for s in sessions]
        done = await self.each(asked)
        if archived and done:
            name = self._name(sessions[0]) if len(sessions) == 1 else _sessions(done)
            self.say(f"Archived {name}. ARCHIVED, at the end of the list, has everything.")
        return done == len(sessions)

    async def snooze(self, session: str, until: int) -> bool:
        """Put a session out of the way until a time, or wake it; returns whether it was."""
        message = m.Snooze(key=new_uuid(), session=session, until=until)
        return await self.ask(message) is not None

    async def rename(self, session: str, name: str) -> None:
        """Give a session another name."""
        await self.ask(m.Rename(key=new_uuid(), session=session, name=name))

    async def set_mode(self, session: str, mode: str) -> None:
        """Change the permission mode."""
        message = m.SetOptions(key=new_uuid(), session=session, mode=mode)
        if (row := await self.ask(message)) is not None:
            mode = row.mode or mode  # the agent may have chosen another one
            self.say(f"{self._name(session)}: permission mode {mode}.")

    async def go_on(self, state: SessionState) -> None:
        """Continue a cut turn, or start the process again."""
        if state.turn.outcome == "cut" and not state.place.setup and not state.place.missing:
            await self.send(state.id, "continue")
            return
        environment = dict(os.environ)
        message = m.Respawn(key=new_uuid(), session=state.id, environment=environment)
        if await self.ask(message) is not None:
            self.say(f"Restarting {self._name(state.id)}.")


def _sessions(count: int) -> str:
    return "1 session" if count == 1 else f"{count} sessions"
