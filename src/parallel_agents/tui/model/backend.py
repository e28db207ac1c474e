"""The screen's connection to the supervisor, reopened whenever it is lost.

Keep true: a lost connection never ends the screen; no request is ever repeated automatically;
every connection begins with a subscription, so that the screen is correct from then on.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol, TypeVar

from parallel_agents.core.errors import UnreachableError, UserError, unforeseen
from parallel_agents.tui.terminal.fault import logged
from parallel_agents.wire.messages import Subscribe
from parallel_agents.wire.pushes import Push
from parallel_agents.wire.request import Request

R = TypeVar("R")

FIRST_PAUSE = 0.25
LONGEST_PAUSE = 5.0

STEADY = 1.0
"""Seconds after which a lost connection is reopened at once: its supervisor was killed or replaced,
and is not one that dies at every start."""


class Link(Protocol):
    """What the screen needs from a connection; `client.connection.Connection` is one."""

    async def request(self, message: Request[R]) -> R:
        """Send a request and wait for the reply."""

    def pushes(self) -> AsyncIterator[Push]:
        """Yield everything that the supervisor pushes; ends when the connection is lost."""

    async def close(self) -> None:
        """Close the connection."""


class Listener(Protocol):
    """Receives what comes over the connection."""

    def connected(self) -> None:
        """A connection is open and subscribed."""

    def disconnected(self, error: UserError) -> None:
        """There is no connection; another attempt follows."""

    def pushed(self, push: Push) -> None:
        """The supervisor sent something."""


class Backend:
    """Keeps a connection to the supervisor open.

    Args:
        connect: opens a connection.
        listener: receives what comes over it.
        clock: monotonic time in seconds.
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
        """Send a request to the supervisor.

        Raises:
            UserError: the supervisor refused it.
            UnreachableError: there is no connection at the moment.
        """
        if self._link is None:
            raise UnreachableError("Not connected to the supervisor.", "Trying again.")
        return await self._link.request(message)

    async def run(self) -> None:
        """Connect, listen, and reconnect, for ever."""
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
        """Whether there was a connection, and it had lasted for a while before it was lost."""
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
