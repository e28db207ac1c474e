"""Every task has an owner, who ends it and is told when it fails.

Keep true: a task that ends by an error which nobody foresaw is in the log at once, with its
traceback, and its owner is told of it; none outlives `end`.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

log = logging.getLogger(__name__)


class Tasks:
    """The tasks of one owner.

    Args:
        owner: who that is, for the log.
        failed: told of the error that ended a task; it may start another one.
    """

    def __init__(self, owner: str, failed: Callable[[Exception], None] | None = None) -> None:
        self._owner = owner
        self._failed = failed
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, what: str, work: Coroutine[Any, Any, object]) -> asyncio.Task[None]:
        """Do something beside.

        Args:
            what: names it in the log.
            work: what to do; what it returns is ignored.

        Returns:
            Its task, which raises nothing but its own cancelling.
        """
        task = asyncio.create_task(self._guard(what, work), name=f"{self._owner}: {what}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # one that was cancelled before it began
        return task

    async def _guard(self, what: str, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except Exception as error:
            log.exception("%s: %s failed", self._owner, what)
            if self._failed is not None:
                self._failed(error)

    async def end(self) -> None:
        """Cancel them all, also those that begin meanwhile, and wait until they are over."""
        this = asyncio.current_task()
        while left := [task for task in self._tasks if task is not this]:
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
