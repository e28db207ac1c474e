"""A queue for creating worktrees, in which waiting can be cancelled."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from parallel_agents.core.errors import WorktreeError


@contextlib.asynccontextmanager
async def in_turn(places: asyncio.Semaphore, called_off: asyncio.Event) -> AsyncIterator[None]:
    """Wait for a free slot to create a worktree, and hold it until the block ends.

    Args:
        places: the slots.
        called_off: set when the creation is cancelled.

    Raises:
        WorktreeError: the creation was cancelled before its turn.
    """
    turn = asyncio.create_task(places.acquire())
    off = asyncio.create_task(called_off.wait())
    try:
        await asyncio.wait({turn, off}, return_when=asyncio.FIRST_COMPLETED)
        if not turn.done():
            raise WorktreeError(
                "Creating the worktree was cancelled before it began.", "Try again."
            )
        yield
    finally:
        off.cancel()
        if turn.done():
            places.release()
        turn.cancel()
