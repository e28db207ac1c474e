"""Wait for one's turn, for as long as it is wanted."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from parallel_agents.core.errors import WorktreeError


@contextlib.asynccontextmanager
async def in_turn(places: asyncio.Semaphore, called_off: asyncio.Event) -> AsyncIterator[None]:
    """Wait for a place to make a worktree, and keep it until the end.

    Args:
        places: how many there are.
        called_off: set when it is not wanted any more.

    Raises:
        WorktreeError: it was called off before its turn.
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
