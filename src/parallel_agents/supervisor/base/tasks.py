"""Background tasks, each with an owner who ends it and learns of its failure.

Keep true: if a task ends with an unforeseen error, the error is logged at once with its traceback,
and the owner is told; no task outlives `end`.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

log = logging.getLogger(__name__)


class Tasks:
    """The tasks of one owner.

    Args:
        owner: the owner's name, for the log.
        failed: called with the error that ended a task; it may start another task.
    """

    def __init__(self, owner: str, failed: Callable[[Exception], None] | None = None) -> None:
        self._owner = owner
        self._failed = failed
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, what: str, work: Coroutine[Any, Any, object]) -> asyncio.Task[None]:
        """Start a task in the background.

        Args:
            what: the task's name in the log.
            work: what to do; its result is ignored.

        Returns:
            The task, which raises nothing but its own cancellation.
        """
        task = asyncio.create_task(self._guard(what, work), name=f"{self._owner}: {what}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # in case it was cancelled before it began
        return task

    async def _guard(self, what: str, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except Exception as error:
            log.exception("%s: %s failed", self._owner, what)
            if self._failed is not None:
                self._failed(error)

    async def end(self) -> None:
        """Cancel all tasks, also those that start meanwhile, and wait until they have ended."""
        this = asyncio.current_task()
        while left := [task for task in self._tasks if task is not this]:
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
