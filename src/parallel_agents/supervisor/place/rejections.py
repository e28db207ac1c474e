"""Takes changes out of a session's worktree for a person, and puts them back.

Keep true: what is moved is kept on the disk and journalled before the first file is touched; one
change moves at a time, and one that a kill interrupted is finished before the next; a change that
was begun is finished, also if whoever asked for it has gone.
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from pathlib import Path
from typing import TypeVar

from parallel_agents.core import events as ev
from parallel_agents.core.errors import RefusedError, StorageError, UserError
from parallel_agents.core.place import Rejection
from parallel_agents.supervisor.place.change_counts import Changes
from parallel_agents.supervisor.place.running_tools import tool_at_work
from parallel_agents.supervisor.record.session_ledger import SessionLedger
from parallel_agents.worktrees.edit.rejection import Wish
from parallel_agents.worktrees.filesystem.failpoints import hit
from parallel_agents.worktrees.plumbing import surroundings

T = TypeVar("T")

_CLOSING = 5.0
"""Seconds for which the end of the supervisor waits for a change that is on its way."""


class Rejections:
    """The changes that a person took out of one session's worktree.

    Args:
        ledger: journal and facts.
        changes: counts what is left.
    """

    def __init__(self, ledger: SessionLedger, changes: Changes) -> None:
        self._ledger = ledger
        self._changes = changes
        self._one_at_a_time = asyncio.Lock()
        self._begun: set[asyncio.Task[object]] = set()

    def directory(self, number: int) -> Path:
        """Where what was taken out is kept."""
        return self._ledger.directory / "rejected" / str(number)

    def recover(self) -> None:
        """Finish what an earlier supervisor was killed at."""
        if any(one.moving for one in self._ledger.state.place.rejections):
            self._start(self._recover())

    async def reject(self, key: str, wish: Wish) -> ev.ChangeRejected:
        """Take a change out.

        Args:
            key: uuid of the request.
            wish: what is taken out.

        Raises:
            UserError: it is not taken out, and nothing was moved.
        """
        return await asyncio.shield(self._start(self._reject(key, wish)))

    async def undo(self, key: str) -> ev.ChangeRejected:
        """Put the change back that was taken out last.

        Args:
            key: uuid of the request.

        Raises:
            UserError: there is none, or its file has changed since; nothing was moved.
        """
        return await asyncio.shield(self._start(self._undo(key)))

    async def close(self) -> None:
        """Wait for what has begun; what a full disk holds up, the next supervisor finishes."""
        if self._begun:
            _, late = await asyncio.wait(self._begun, timeout=_CLOSING)
            for task in late:
                task.cancel()

    def _start(self, work: Coroutine[object, object, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._begun.add(task)
        task.add_done_callback(self._begun.discard)
        return task

    async def _recover(self) -> None:
        with contextlib.suppress(UserError), surroundings.of(self._ledger.environment()):
            async with self._one_at_a_time:
                await self._finish()

    async def _finish(self) -> None:
        """Go on with a change that is on its way."""
        for one in self._ledger.state.place.rejections:
            if one.moving:
                await self._move(one)

    async def _reject(self, key: str, wish: Wish) -> ev.ChangeRejected:
        async with self._one_at_a_time:
            if key in self._ledger.state.keys:
                return self._answered(key)
            await self._finish()
            await self._check_untouched(wish)
            event = await self._planned(key, wish)
            await self._announce(event, key)
            if reason := await self._move(self._known(event.number)):
                raise RefusedError(reason, "Look at the diff again.")
            return event

    async def _undo(self, key: str) -> ev.ChangeRejected:
        async with self._one_at_a_time:
            if key in self._ledger.state.keys:
                return self._answered(key)
            await self._finish()
            out = self._ledger.state.place.rejections
            if not out:
                raise UserError(
                    "No change is left to put back.",
                    f"See what there is: parallel-agents diff {self._ledger.id}",
                )
            change = out[-1].change
            await self._announce(ev.RejectionUndone(number=change.number, request=key), key)
            if reason := await self._move(self._known(change.number)):
                kept = self.directory(change.number)
                raise RefusedError(reason, f"What was taken out is kept in {kept}")
            return change

    async def _planned(self, key: str, wish: Wish) -> ev.ChangeRejected:
        """Decide what moves, and keep it."""
        context, place = self._ledger.context, self._ledger.state.place
        number = place.rejected + 1
        planned = await context.threads.long(
            context.manager.plan_rejection, place.record, wish, self.directory(number)
        )
        return ev.ChangeRejected(
            number=number,
            path=wish.path,
            old_path=planned.old_path,
            spans=planned.spans,
            blob=planned.blob,
            old_blob=planned.old_blob,
            insertions=planned.insertions,
            deletions=planned.deletions,
            request=key,
        )

    async def _announce(self, event: ev.ChangeRejected | ev.RejectionUndone, key: str) -> None:
        """Journal what comes, until it is on the disk."""
        self._ledger.record(event, key=key)
        try:
            await self._ledger.syncing.settled()
        except StorageError as error:
            settled = ev.RejectionSettled(number=event.number, refused=error.message)
            await self._ledger.record_patiently(settled)
            raise
        hit("reject.journalled")

    async def _move(self, one: Rejection) -> str:
        """Move the files of a change, and journal that; returns why they were not moved."""
        context, number = self._ledger.context, one.change.number
        reason = await context.threads.long(
            context.manager.carry_out,
            self._ledger.state.place.record,
            self.directory(number),
            back=one.moving == "back",
        )
        hit("reject.done")
        await self._ledger.record_patiently(ev.RejectionSettled(number=number, refused=reason))
        self._changes.count()
        return reason

    def _known(self, number: int) -> Rejection:
        found = self._ledger.state.place.rejections
        return next(one for one in found if one.change.number == number)

    def _answered(self, key: str) -> ev.ChangeRejected:
        """The answer to a request that was sent before."""
        place = self._ledger.state.place
        out = {one.change.request: one.change for one in place.rejections}
        if place.undone is not None:
            out[place.undone.undo] = place.undone.change
        if key in out:
            return out[key]
        raise RefusedError("That was not done, or was changed since.", "Look at the diff again.")

    async def _check_untouched(self, wish: Wish) -> None:
        """Refuse while a tool of the agent works on the file."""
        state = self._ledger.state
        if not state.turn.running:
            return
        ended = state.because.get("outcome")
        records = await self._ledger.page(1 if ended is None else ended.seq + 1, state.seq)
        waiting = [request.tool_use for request in state.dialogue.requests]
        for path in filter(None, (wish.path, wish.old_path)):
            if tool_at_work(records, waiting, state.place.record.path, path):
                raise RefusedError(
                    f"The agent is working on {path} right now.",
                    "Wait until it is done with it, or interrupt it.",
                )
