"""Deletes a session once its process has ended, and restores it.

Keep true: the order is stop, check that no process is left, snapshot, rename away (the manager's
single gate); until then a deletion can be cancelled; after a refusal the session is stopped but
complete, and the reason is recorded; the journal is kept as long as the trash entry.
"""

import asyncio
import contextlib
import logging

from parallel_agents.core import events as ev
from parallel_agents.core.errors import RefusedError, UserError, unforeseen
from parallel_agents.core.ids import new_uuid
from parallel_agents.supervisor.place.workplace import ready_event
from parallel_agents.supervisor.sessions.session import Session

log = logging.getLogger(__name__)


class Deletion:
    """Deletes one session; at most one deletion of it runs at a time.

    Args:
        session: the session to delete.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._task: asyncio.Task[UserError | None] | None = None
        self._begun = False
        self._note = ""

    def ask(self, key: str, *, note: str = "") -> None:
        """Journal the request to delete, and start to carry it out.

        Args:
            key: uuid of the request.
            note: the reason, when it is not the user who asks.

        Raises:
            StorageError: the request was not journalled, so nothing happens.
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
        """Carry out a deletion whose request is in the journal."""
        if self._task is None or self._task.done():
            self._begun = False
            self._task = asyncio.create_task(self._carry_out())

    async def wait(self) -> None:
        """Wait for the outcome.

        Raises:
            UserError: the deletion was refused or cancelled.
        """
        if self._task is None:
            error = None if self._session.state.session.deleted else _not_done(self._session.id)
        else:
            error = await asyncio.shield(self._task)
        if error is not None:
            raise error

    def cancel(self, key: str) -> None:
        """Cancel the deletion.

        Raises:
            RefusedError: it has already begun; `restore` undoes it.
        """
        session = self._session
        if not session.state.session.deleting:
            return
        if self._begun:
            raise RefusedError("The deletion has begun.", f"parallel-agents restore {session.id}")
        session.ledger.record(ev.DeleteCancelled(reason="undone"), key=key)

    async def _carry_out(self) -> UserError | None:
        """Delete; an unforeseen error also becomes a refusal, so that nobody waits for ever."""
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
        await session.workplace.checks.end("the session is being deleted")
        if session.state.process.is_there or session.state.place.creating:
            await session.stop(new_uuid(), "delete", wait=False)
            await session.ledger.until(
                lambda state: (
                    (not state.process.is_there and not state.place.creating)
                    or not state.session.deleting
                )
            )
        # The request to delete must be on the disk before the worktree goes.
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
    """The error for a deletion that was refused or cancelled before a restart."""
    return UserError(
        "The session was not deleted: it was refused or cancelled.",
        f"Ask again: parallel-agents rm {session}",
    )


async def restore(session: Session, key: str, moved_to: str = "") -> None:
    """Restore a deleted session: worktree, branch, staged state, files, conversation.

    Args:
        session: the deleted session.
        key: uuid of the request.
        moved_to: a directory of its repository, if the repository has moved.

    Raises:
        UserError: the session is not in the trash, or could not be restored.
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
