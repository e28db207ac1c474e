"""Our own questions to an agent's program; each waits for its answer for a limited time."""

import asyncio
from collections.abc import Awaitable

from parallel_agents.core.errors import AgentError
from parallel_agents.core.events import ControlAnswered

_DEADLINE = 10.0


class Questions:
    """The questions of one session that wait for their answers."""

    def __init__(self) -> None:
        self._waiting: dict[str, asyncio.Future[ControlAnswered]] = {}

    async def ask(self, request: str, sent: Awaitable[bool]) -> ControlAnswered:
        """Send a question, and wait for its answer.

        Args:
            request: uuid that the question carries.
            sent: sends the question; gives false if nobody is there to read it.

        Raises:
            AgentError: no answer came in time.
        """
        answer: asyncio.Future[ControlAnswered] = asyncio.get_running_loop().create_future()
        self._waiting[request] = answer
        try:
            async with asyncio.timeout(_DEADLINE):
                if await sent:
                    return await answer
        except TimeoutError:
            pass
        finally:
            del self._waiting[request]
        raise AgentError("The agent did not answer.", "Try again, or restart it: respawn.")

    def answered(self, event: ControlAnswered) -> None:
        """Pass an answer to the caller who waits for it, if there is one."""
        waiting = self._waiting.get(event.request)
        if waiting is not None and not waiting.done():
            waiting.set_result(event)
