"""The screen's line to the supervisor, made again whenever it is lost.

Keep true: a lost connection never ends the screen; nothing is asked twice on its own; every
connection begins with a subscription, so that what is shown afterwards is true.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol, TypeVar

from parallel_agents.core.errors import UnreachableError, UserError, unforeseen
from parallel_agents.tui.fault import logged
from parallel_agents.wire.messages import Subscribe
from parallel_agents.wire.pushes import Push
from parallel_agents.wire.request import Request

R = TypeVar("R")

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 5.0

STEADY = 1.0
"""Seconds after which a connection that is lost is made again at once: its supervisor was killed
or replaced, and does not die at every start."""


class Link(Protocol):
    """What the screen needs of a connection; `client.connection.Connection` is one."""

    async def request(self, message: Request[R]) -> R:
        """Ask, and wait for the answer."""

    def pushes(self) -> AsyncIterator[Push]:
        """Everything sent unasked; ends when the connection is lost."""

    async def close(self) -> None:
        """Close the connection."""


class Listener(Protocol):
    """Who is told what comes over the line."""

    def connected(self) -> None:
        """A connection stands and is subscribed."""

    def disconnected(self, error: UserError) -> None:
        """There is none; another attempt follows."""

    def pushed(self, push: Push) -> None:
        """The supervisor sent something."""


class Backend:
    """Keeps a connection.

    Args:
        connect: opens one.
        listener: who is told.
        clock: seconds that only ever grow.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Link]],
        listener: Listener,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect
        self._listener = listener
        self._clock = clock
        self._connected_at: float | None = None
        self._link: Link | None = None

    async def request(self, message: Request[R]) -> R:
        """Ask the supervisor.

        Raises:
            UserError: what it refused.
            UnreachableError: there is no connection now.
        """
        if self._link is None:
            raise UnreachableError("Not connected to the supervisor.", "Trying again.")
        return await self._link.request(message)

    async def run(self) -> None:
        """Connect, listen, and connect again, for ever."""
        pause = FIRST_PAUSE
        while True:
            try:
                await self._listen(await self._connect())
            except UserError as error:
                self._listener.disconnected(error)
            except Exception as error:  # noqa: BLE001 - logged, and said on the screen
                self._listener.disconnected(unforeseen(error, str(logged(error))))
            if self._connected_at is not None:
                pause = FIRST_PAUSE
            if not self._was_steady():
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def _was_steady(self) -> bool:
        """Whether the connection that was lost, if there was one, had been there for a while."""
        since, self._connected_at = self._connected_at, None
        return since is not None and self._clock() - since > STEADY

    async def _listen(self, link: Link) -> None:
        try:
            await link.request(Subscribe())
            self._connected_at = self._clock()
            self._link = link
            self._listener.connected()
            async for push in link.pushes():
                self._listener.pushed(push)
        finally:
            self._link = None
            await link.close()
        self._listener.disconnected(UnreachableError("The connection to the supervisor was lost."))
