"""Waits until writes are on the disk, outside the event loop, because a disk may hang.

Keep true: whoever waits learns either that everything written before they asked is on the disk, or
that the disk does not confirm it; nothing is synced unless somebody waits for it; a session whose
disk hangs takes one thread, however many callers wait.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from parallel_agents.core.errors import StorageError, UserError, of_system
from parallel_agents.supervisor.base.tasks import Tasks
from parallel_agents.supervisor.base.threads import Threads

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Batch:
    """Writes that are synced together once somebody waits for them."""

    owed: dict[str, Callable[[], None]] = field(default_factory=dict)
    wanted: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)
    error: Exception | None = field(default_factory=lambda: RuntimeError("it was not asked"))


class Syncing:
    """The writes of one session that may not be on the disk yet.

    Args:
        threads: where the waiting is done.
        owner: names the session in the log.
    """

    def __init__(self, threads: Threads, owner: str) -> None:
        self._threads = threads
        self._tasks = Tasks(owner)
        self._open = _Batch()
        self._running: _Batch | None = None
        self._work: asyncio.Task[None] | None = None

    def owe(self, what: str, sync: Callable[[], None]) -> None:
        """Note a write.

        Args:
            what: the name of the write; several writes with one name are synced once.
            sync: waits until the write is on the disk; runs in a thread; raises `OSError`.
        """
        self._open.owed[what] = sync

    async def settled(self) -> None:
        """Wait until everything written so far is on the disk.

        Raises:
            StorageError: the disk does not confirm it; an `ExhaustedError` if it could not be
                asked.
        """
        batch = self._open if self._open.owed else self._running
        if batch is None:
            return
        batch.wanted = True
        if self._work is None or self._work.done():
            self._work = self._tasks.start("sync", self._sync())
        await batch.over.wait()
        if batch.error is not None:
            raise _unconfirmed(batch.error)

    async def close(self) -> None:
        """Finish the syncs that somebody waits for; other writes were never promised to anybody."""
        if not self._open.wanted:
            self._open = _Batch()
        if self._work is not None:
            await asyncio.wait({self._work})

    async def _sync(self) -> None:
        while self._open.wanted:
            batch, self._open = self._open, _Batch()
            self._running = batch
            try:
                await self._threads.sync(_sync_all, batch)
            except Exception as error:  # whatever it is, those who wait must learn of it
                log.exception("what was recorded is not confirmed")
                batch.error = error
            else:
                batch.error = None
            finally:
                batch.over.set()
                self._running = None


def _sync_all(batch: _Batch) -> None:
    for sync in batch.owed.values():
        sync()


def _unconfirmed(error: Exception) -> UserError:
    what = "the disk does not confirm what was recorded"
    if isinstance(error, OSError):
        return of_system(error, what)
    return StorageError(f"{what}: {error!r}", "Look at the supervisor's log, then try again.")
