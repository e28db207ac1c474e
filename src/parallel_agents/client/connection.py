"""The asynchronous client of the screen: many requests at once, and pushes.

Keep true: a reply reaches the request it answers; pushes keep their order; if the connection is
lost, every waiting request fails with `UnreachableError` and `pushes` ends. The connection counts
as lost if the supervisor sends nothing for `SILENCE` seconds while the client expects something.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TypeVar

from msgspec import Raw

from parallel_agents.client.ahead import Ahead
from parallel_agents.client.launch import connect
from parallel_agents.client.quick import hello, silent, unwrap
from parallel_agents.core.errors import UnreachableError, UserError
from parallel_agents.wire.codec import load_push
from parallel_agents.wire.framing import Frame, dump_frame, load_frame
from parallel_agents.wire.messages import (
    FRAME_LIMIT,
    GREETING,
    SILENCE,
    Greeting,
    Shutdown,
    Subscribe,
)
from parallel_agents.wire.peer import peer_pid
from parallel_agents.wire.pushes import Push
from parallel_agents.wire.request import Done, Request, reply_kind

R = TypeVar("R")

_LARGE = 1 << 20
"""A reply of more bytes than this is decoded in a thread, so that nothing waits for it."""


class Connection:
    """One connection to the supervisor; `open` creates it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._waiting: dict[int, asyncio.Future[Frame]] = {}
        self._pushes: asyncio.Queue[Push | None] = asyncio.Queue()
        self._number = 0
        self._subscribed = False
        self._reason: UserError = UnreachableError("The connection to the supervisor was lost.")
        self._pid, _ = peer_pid(writer.get_extra_info("socket"))
        self._task = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, *, start: bool = True, ahead: Ahead | None = None) -> "Connection":
        """Connect to the supervisor and greet it.

        Args:
            start: start a supervisor if none answers.
            ahead: a socket that is already being connected.

        Raises:
            UserError: no supervisor answers, it has another version, or it refused.
        """
        connection = await cls._connect(start=start, ahead=ahead)
        reply = await connection.greet()
        if not reply.outdated:
            return connection
        await connection.request(Shutdown(keep_sessions=True))
        await connection.close()
        connection = await cls._connect(start=start)
        await connection.greet()
        return connection

    async def greet(self) -> Greeting:
        """Exchange greetings.

        Raises:
            UnreachableError: the supervisor does not answer within `GREETING` seconds.
            UserError: as for `request`.
        """
        try:
            async with asyncio.timeout(GREETING):
                return await self.request(hello())
        except TimeoutError:
            await self.close()
            raise silent(self._pid) from None

    @classmethod
    async def _connect(cls, *, start: bool, ahead: Ahead | None = None) -> "Connection":
        if ahead is None:
            sock = await asyncio.to_thread(connect, start=start)
        else:
            sock = await asyncio.wrap_future(ahead)
        sock.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=sock, limit=FRAME_LIMIT)
        return cls(reader, writer)

    async def request(self, message: Request[R]) -> R:
        """Send a request and wait for its reply.

        Raises:
            UserError: the supervisor refused; the same error was raised there.
            UnreachableError: the connection is lost.
        """
        if self._task.done():
            raise self._gone()
        self._subscribed = self._subscribed or isinstance(message, Subscribe)
        self._number += 1
        number = self._number
        future = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        self._writer.write(dump_frame({"id": number, "request": message}))
        try:
            frame, kind = await future, reply_kind(message)
            if isinstance(frame.reply, Raw) and len(bytes(frame.reply)) > _LARGE:
                return await asyncio.to_thread(unwrap, frame, kind)
            return unwrap(frame, kind)
        finally:
            self._waiting.pop(number, None)

    async def pushes(self) -> AsyncIterator[Push]:
        """Yield the supervisor's pushes in order; ends when the connection is lost."""
        while (push := await self._pushes.get()) is not None:
            yield push

    async def close(self) -> None:
        """Close the connection."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        # Unsent data is no longer of use, and a supervisor that hangs would not read it.
        self._writer.transport.abort()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _read(self) -> None:
        try:
            while line := await self._line():
                self._take(load_frame(line))
        except TimeoutError:
            self._reason = silent(self._pid)
        except UserError as error:
            self._reason = error
        except (OSError, ValueError, asyncio.LimitOverrunError):
            pass
        finally:
            self._lost()

    async def _line(self) -> bytes:
        """Read the next line; give up after two silences in a row.

        The first silence may be our own: a screen that was suspended for an hour notices that its
        deadline has passed before it notices the data that arrived meanwhile.

        Raises:
            TimeoutError: the supervisor was silent for too long.
        """
        silences = 0
        while True:
            try:
                async with asyncio.timeout(SILENCE / 2):
                    return await self._reader.readline()
            except TimeoutError:
                silences = silences + 1 if self._waiting or self._subscribed else 0
                if silences > 1:
                    raise

    def _take(self, frame: Frame) -> None:
        if isinstance(frame.push, Raw):
            self._pushes.put_nowait(load_push(bytes(frame.push)))
            return
        if frame.id is None:  # an error of the whole connection, not of one request
            unwrap(frame, Done)
        future = self._waiting.get(frame.id) if isinstance(frame.id, int) else None
        if future is not None and not future.done():
            future.set_result(frame)

    def _gone(self) -> UnreachableError:
        return UnreachableError(self._reason.message, self._reason.hint)

    def _lost(self) -> None:
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(self._gone())
        self._pushes.put_nowait(None)
