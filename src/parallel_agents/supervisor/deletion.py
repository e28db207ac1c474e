"""Deletes a session once its process is gone, and brings it back.

Keep true: the order is stop, no process left, snapshot, rename away (the manager's one gate);
until that has happened a deletion can be called off; a refusal leaves the session stopped and
whole, and says why; the journal is kept as long as the trash entry.
"""

import asyncio
import contextlib
import logging

from parallel_agents.core import events as ev
from parallel_agents.core.errors import RefusedError, UserError, unforeseen
from parallel_agents.core.ids import new_uuid
from parallel_agents.supervisor.session import Session
from parallel_agents.supervisor.workplace import ready_event

log = logging.getLogger(__name__)


class Deletion:
    """The deletion of one session at a time per session.

    Args:
        session: whose.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._task: asyncio.Task[UserError | None] | None = None
        self._begun = False
        self._note = ""

    def ask(self, key: str, *, note: str = "") -> None:
        """Journal the wish, and see to it.

        Args:
            key: uuid of the request.
            note: why, when no person asked for it just now.

        Raises:
            StorageError: nothing was asked.
        """
        session = self._session
        if key in session.state.keys or session.state.session.deleted:
            return
        if not session.state.session.deleting:
            wish = ev.DeleteRequested(by="clean" if note else "person", note=note)
            session.ledger.record(wish, key=key)
            self._note = note
        self.resume()

    def resume(self) -> None:
        """See to a wish that is in the journal."""
        if self._task is None or self._task.done():
            self._begun = False
            self._task = asyncio.create_task(self._carry_out())

    async def wait(self) -> None:
        """Wait for the outcome.

        Raises:
            UserError: it was refused or cancelled.
        """
        if self._task is None:
            error = None if self._session.state.session.deleted else _not_done(self._session.id)
        else:
            error = await asyncio.shield(self._task)
        if error is not None:
            raise error

    def cancel(self, key: str) -> None:
        """Call it off.

        Raises:
            RefusedError: it has begun; `restore` undoes it.
        """
        session = self._session
        if not session.state.session.deleting:
            return
        if self._begun:
            raise RefusedError("The deletion has begun.", f"parallel-agents restore {session.id}")
        session.ledger.record(ev.DeleteCancelled(reason="undone"), key=key)

    async def _carry_out(self) -> UserError | None:
        """Delete; what nobody foresaw is a refusal, too, and nobody waits for ever."""
        try:
            return await self._stop_and_delete()
        except Exception as error:
            log.exception("session %s: its deletion failed", self._session.id)
            said = unforeseen(error, str(self._session.context.log_file))
            with contextlib.suppress(UserError):
                self._session.ledger.record(ev.DeleteCancelled(reason=said.message))
            return said

    async def _stop_and_delete(self) -> UserError | None:
        session = self._session
        try:
            await self._stop()
            if not session.state.session.deleting:
                return UserError("The deletion was cancelled.")
            self._begun = True
            deleted = await self._delete()
        except UserError as error:
            await session.ledger.record_patiently(ev.DeleteCancelled(reason=error.message))
            return error
        await session.ledger.record_patiently(deleted)
        session.ledger.checkpoint()
        return None

    async def _stop(self) -> None:
        session = self._session
        if session.state.process.is_there or session.state.place.creating:
            await session.stop(new_uuid(), "delete", wait=False)
            await session.ledger.until(
                lambda state: (
                    (not state.process.is_there and not state.place.creating)
                    or not state.session.deleting
                )
            )
        # A worktree that is gone must not be one that nobody is on record to have deleted.
        await session.ledger.syncing.settled()

    async def _delete(self) -> ev.Deleted:
        if self._session.state.place.worktree is None:
            return ev.Deleted()
        await self._session.workplace.tear_down()
        await self._session.workplace.close()
        context = self._session.context
        record = self._session.workplace.record
        async with context.turn(record.root):
            entry = await context.threads.long(
                context.manager.delete, record, live_pids=self._live_pids, note=self._note
            )
        await self._session.workplace.tell_removed(record)
        return ev.Deleted(saved=entry.saved, skipped=entry.skipped, notes=entry.notes)

    def _live_pids(self) -> list[int]:
        pid = self._session.driver.pid
        return [] if pid is None else [pid]


def _not_done(session: str) -> UserError:
    """The answer to a request of before a restart that had been refused or called off."""
    return UserError(
        "The session was not deleted: it was refused or cancelled.",
        f"Ask again: parallel-agents rm {session}",
    )


async def restore(session: Session, key: str, moved_to: str = "") -> None:
    """Bring a deleted session back: worktree, branch, staged state, files, conversation.

    Args:
        session: the deleted session.
        key: uuid of the request.
        moved_to: a directory of its repository, when that is not where it was.

    Raises:
        UserError: it is not in the trash, or could not be put back.
    """
    if key in session.state.keys:
        return
    threads, manager = session.context.threads, session.context.manager
    if not session.state.session.deleted and not await threads.git(manager.unfinished, session.id):
        raise UserError(f"The session {session.id} is not in the trash.", "parallel-agents trash")
    worktree: ev.WorktreeReady | None = None
    if session.state.place.worktree is not None:
        async with session.context.turn(session.state.place.worktree.root):
            worktree = ready_event(await threads.long(manager.restore, session.id, moved_to))
    session.ledger.record(ev.Restored(worktree=worktree), key=key)
