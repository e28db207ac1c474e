"""Work that blocks, in a thread, with git in the environment of a session."""

import asyncio
from collections.abc import Callable, Mapping
from typing import ParamSpec, TypeVar

from parallel_agents.worktrees import surroundings

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(
    environment: Mapping[str, str], work: Callable[P, T], *args: P.args, **named: P.kwargs
) -> T:
    """Do something that runs git, as the session's own agent would run it.

    Args:
        environment: the session's.
        work: what to do.
        args: for it.
        named: for it.

    Returns:
        What it gives.
    """
    with surroundings.of(environment):
        return await asyncio.to_thread(work, *args, **named)
