"""Carries out requests that change something.

Keep true: each answers only when its effect is journalled, and what a person could miss is on the
disk; the same key acts once.
"""

import asyncio
from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from parallel_agents.core import events as ev
from parallel_agents.core.errors import NoSuchSessionError, RefusedError, StorageError, UserError
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.label import derive
from parallel_agents.supervisor import deletion, elsewhere
from parallel_agents.supervisor.cleaning import DAY_MS, DEFAULT_DAYS, Cleaning
from parallel_agents.supervisor.left import marked
from parallel_agents.supervisor.lending import attach_command, take_back
from parallel_agents.supervisor.requests import find_pending
from parallel_agents.supervisor.rows import row
from parallel_agents.supervisor.session import Session
from parallel_agents.supervisor.spawn import kept_environment
from parallel_agents.supervisor.supervisor import SessionSupervisor
from parallel_agents.wire import messages as m

_LOOK_AGAIN = 1.0


class Acting:
    """Acts on sessions.

    Args:
        supervisor: whose sessions.
    """

    def __init__(self, supervisor: SessionSupervisor) -> None:
        self._supervisor = supervisor
        self._lent: dict[str, str] = {}
        """By session, the key of the request that lent its conversation last."""

    async def new(self, message: m.New) -> dict[str, Any]:
        """Dispatch a session."""
        session = await self._supervisor.dispatch(message)
        if message.wait_ready:
            state = await session.ledger.until(
                lambda s: s.liveness == "alive" or derive(s).state in {"failed", "stopped"}
            )
            if state.liveness != "alive":
                detail = derive(state).detail
                raise UserError(
                    f"The session {session.id} did not start: {detail}",
                    f"parallel-agents respawn {session.id}",
                )
        return await _durable(session)

    async def adopt(self, message: m.Adopt) -> dict[str, Any]:
        """Make a session of a worktree that somebody else made."""
        return await _durable(await self._supervisor.adopt(message))

    async def send(self, message: m.Send) -> dict[str, Any]:
        """Send a message."""
        session = self._supervisor.find(message.session)
        await session.send(message.key, message.text)
        return await _durable(session)

    async def answer(self, message: m.Answer) -> dict[str, Any]:
        """Decide a request."""
        session = self._supervisor.find(message.session)
        if message.key not in session.state.keys:
            await find_pending(session, message.request)
        await session.answer(message.key, message.decision, message.request, message.digest)
        return await _durable(session)

    async def interrupt(self, message: m.Interrupt) -> dict[str, Any]:
        """End the running turn."""
        session = self._supervisor.find(message.session)
        await session.interrupt(message.key)
        return _reply(session)

    async def stop(self, message: m.Stop) -> dict[str, Any]:
        """End the process."""
        session = self._supervisor.find(message.session)
        await session.stop(message.key, "person", wait=message.wait)
        return await _durable(session)

    async def respawn(self, message: m.Respawn) -> dict[str, Any]:
        """Start the process again."""
        session = self._supervisor.find(message.session)
        environment = message.environment
        kept = (
            None
            if environment is None
            else kept_environment(environment, self._supervisor.context.agents)
        )
        await session.respawn(message.key, kept)
        return await _durable(session)

    async def delete(self, message: m.Delete) -> dict[str, Any]:
        """Move a session to the trash."""
        session = self._supervisor.find(message.session, key=message.key)
        task = self._supervisor.deletions[session.id]
        task.ask(message.key)
        if not message.wait:
            return await _durable(session)
        await task.wait()
        return {**await _durable(session), **await self._what_was_saved(session)}

    async def _what_was_saved(self, session: Session) -> dict[str, Any]:
        latest = await session.ledger.page(session.state.seq - 5, session.state.seq)
        days = self._supervisor.context.config.trash_days
        for record in reversed(latest):
            if isinstance(record.event, ev.Deleted):
                return {
                    "saved": record.event.saved,
                    "skipped": record.event.skipped,
                    "notes": record.event.notes,
                    "until": record.at + int(days * DAY_MS),
                }
        return {"saved": [], "skipped": [], "notes": [], "until": None}

    async def cancel_delete(self, message: m.CancelDelete) -> dict[str, Any]:
        """Call a deletion off."""
        session = self._supervisor.find(message.session)
        self._supervisor.deletions[session.id].cancel(message.key)
        return await _durable(session)

    async def restore(self, message: m.Restore) -> dict[str, Any]:
        """Bring a session back from the trash."""
        try:
            session = self._supervisor.find(message.session, deleted=True, key=message.key)
        except NoSuchSessionError as error:
            session = await self._half_deleted(message.session, error)
        if session.state.deleted and session.state.place == "checkout":
            states = (other.state for other in self._supervisor.sessions.values())
            elsewhere.refuse_second(states, session.state.directory)
        await deletion.restore(session, message.key, message.directory)
        return await _durable(session)

    async def _half_deleted(self, name: str, error: NoSuchSessionError) -> Session:
        """Find a session that is still listed, since its deletion was cut off."""
        try:
            session = self._supervisor.find(name)
        except NoSuchSessionError:
            raise error from None
        manager = self._supervisor.context.manager
        if not await session.context.threads.git(manager.unfinished, session.id):
            raise error
        return session

    async def list_trash(self) -> dict[str, Any]:
        """What is in the trash."""
        manager = self._supervisor.context.manager
        entries = {e.session: e for e in await self._supervisor.context.threads.git(manager.trash)}
        listed = []
        for session in self._supervisor.sessions.values():
            if not session.state.deleted:
                continue
            entry = entries.get(session.id)
            listed.append(
                {
                    "id": session.id,
                    "name": session.state.name,
                    "repo": entry.root if entry else None,
                    "branch": entry.branch if entry else None,
                    "deletedAt": entry.deleted_at_ms if entry else session.state.updated_at,
                    "sizeBytes": entry.size_bytes if entry else 0,
                    "notes": list(entry.notes) if entry else [],
                    "saved": list(entry.saved) if entry else [],
                    "skipped": list(entry.skipped) if entry else [],
                }
            )
        return {"entries": listed}

    async def empty_trash(self, message: m.EmptyTrash) -> dict[str, Any]:
        """Remove what is in the trash, for good."""
        supervisor, manager = self._supervisor, self._supervisor.context.manager
        age = None if message.days is None else int(message.days * DAY_MS)
        if message.session is None:
            gone = await supervisor.context.threads.long(manager.empty_trash, age)
            return {"removed": await supervisor.forget_deleted(gone, only=age is not None)}
        session = supervisor.find(message.session, deleted=True)
        gone = await supervisor.context.threads.long(manager.empty_trash, age, session=session.id)
        if age is None and session.state.worktree is None:
            gone = (session.id,)
        return {"removed": await supervisor.forget_deleted(gone, only=True)}

    async def clean(self, message: m.Clean) -> dict[str, Any]:
        """Move finished sessions that have nothing of their own to the trash."""
        setting = self._supervisor.context.config.auto_clean_days or DEFAULT_DAYS
        days = setting if message.days is None else message.days
        cleaned, kept = await Cleaning(self._supervisor).clean(days, dry_run=message.dry_run)
        return {"cleaned": [asdict(v) for v in cleaned], "kept": [asdict(v) for v in kept]}

    def rename(self, message: m.Rename) -> dict[str, Any]:
        """Give a session another name."""
        session = self._supervisor.find(message.session)
        session.rename(message.key, message.name)
        return _reply(session)

    def pin(self, message: m.Pin) -> dict[str, Any]:
        """Pin a session, or let it go."""
        session = self._supervisor.find(message.session)
        session.pin(message.key, pinned=message.pinned)
        return _reply(session)

    def seen(self, message: m.MarkSeen) -> dict[str, Any]:
        """A person looked at the latest result."""
        session = self._supervisor.find(message.session)
        session.seen()
        return _reply(session)

    async def set_options(self, message: m.SetOptions) -> dict[str, Any]:
        """Change mode, model or effort."""
        session = self._supervisor.find(message.session)
        await session.set_options(
            message.key, mode=message.mode, model=message.model, effort=message.effort
        )
        return await _durable(session)

    async def attach_begin(self, message: m.AttachBegin) -> dict[str, Any]:
        """Give the conversation to the person's terminal."""
        session = self._supervisor.find(message.session)
        command = await session.context.threads.git(attach_command, session)
        if message.key not in session.state.keys:
            session.check_present()
        if session.state.running:
            raise RefusedError(
                "A turn is running; attaching would cut it.",
                f"Wait for it, or end it first: parallel-agents interrupt {session.id}",
            )
        self._lent[session.id] = message.key
        await session.stop(message.key, "attach")
        return command

    async def attach_end(self, message: m.AttachEnd) -> dict[str, Any]:
        """Take the conversation back from the person's terminal."""
        session = self._supervisor.find(message.session)
        await take_back(session, message.key)
        return await _durable(session)

    async def lost_terminals(self, keys: Collection[str]) -> None:
        """A client went away: take back, once they are free, the conversations that it still has.

        Args:
            keys: uuids of its requests for conversations.
        """
        lent = [session for session, key in self._lent.items() if key in keys]
        await asyncio.gather(*(self._take_back_once_free(session) for session in lent))

    async def recover_terminals(self) -> None:
        """The same for conversations that were attached when an earlier supervisor ended."""
        attached = [s.id for s in self._supervisor.states() if s.stopped == "attach"]
        await asyncio.gather(*(self._take_back_once_free(session) for session in attached))

    async def _take_back_once_free(self, name: str) -> None:
        session = self._supervisor.sessions.get(name)
        lent = self._lent.get(name)
        if session is None:
            return
        while session.state.stopped == "attach" and self._lent.get(name) == lent:
            gone = session.state.liveness == "none"  # its own process, whose end is awaited
            if gone and not await session.context.threads.git(marked, name):
                await take_back(session, new_uuid())
                return
            await asyncio.sleep(_LOOK_AGAIN)

    async def shutdown(self, message: m.Shutdown) -> dict[str, Any]:
        """Prepare to end: with `keep_sessions` the agents go on."""
        cut = [] if message.keep_sessions else await self._supervisor.stop_all()
        return {"cut": cut, "kept": len(self._supervisor.alive())}


def _reply(session: Session) -> dict[str, Any]:
    return {"session": row(session.state)}


async def _durable(session: Session) -> dict[str, Any]:
    """The reply to what must not be lost once it was answered.

    Raises:
        StorageError: it is done, but the disk does not confirm it.
    """
    try:
        await session.ledger.syncing.settled()
    except StorageError as error:
        hint = f"A power failure may undo it. {error.hint}"
        raise type(error)(f"It is done, but {error.message}", hint) from None
    return _reply(session)
