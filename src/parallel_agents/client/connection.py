"""The asynchronous client that the screen uses: many questions at once, and pushes.

Keep true: a reply reaches the question it answers; pushes keep their order; when the connection
is lost every waiting question fails with `UnreachableError` and `pushes` ends.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

from parallel_agents.client.ahead import Ahead
from parallel_agents.client.launch import connect
from parallel_agents.client.quick import hello, unwrap
from parallel_agents.core.errors import UnreachableError
from parallel_agents.wire.framing import dump_frame, load_frame
from parallel_agents.wire.messages import FRAME_LIMIT, Request, Shutdown
from parallel_agents.wire.pushes import Push
from parallel_agents.wire.reading import load_push


class Connection:
    """One connection to the supervisor; made by `open`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._pushes: asyncio.Queue[Push | None] = asyncio.Queue()
        self._number = 0
        self._task = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, *, start: bool = True, ahead: Ahead | None = None) -> "Connection":
        """Connect to the supervisor.

        Args:
            start: start one when none answers.
            ahead: a socket that is being connected already.

        Returns:
            A connection that has shaken hands.

        Raises:
            UserError: none answers, it is another version, or it refused.
        """
        connection = await cls._connect(start=start, ahead=ahead)
        reply = await connection.request(hello())
        if not reply.get("outdated"):
            return connection
        await connection.request(Shutdown(keep_sessions=True))
        await connection.close()
        connection = await cls._connect(start=start)
        await connection.request(hello())
        return connection

    @classmethod
    async def _connect(cls, *, start: bool, ahead: Ahead | None = None) -> "Connection":
        if ahead is None:
            sock = await asyncio.to_thread(connect, start=start)
        else:
            sock = await asyncio.wrap_future(ahead)
        sock.setblocking(False)
        reader, writer = await asyncio.open_unix_connection(sock=sock, limit=FRAME_LIMIT)
        return cls(reader, writer)

    async def request(self, message: Request) -> dict[str, Any]:
        """Ask, and wait for the answer.

        Args:
            message: what to ask.

        Returns:
            The reply's JSON object.

        Raises:
            UserError: what the supervisor refused, as it was raised there.
            UnreachableError: the connection is gone.
        """
        if self._task.done():
            raise UnreachableError("The connection to the supervisor is lost.")
        self._number += 1
        number = self._number
        future = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        self._writer.write(dump_frame({"id": number, "request": asdict(message)}))
        try:
            return unwrap(await future)
        finally:
            self._waiting.pop(number, None)

    async def pushes(self) -> AsyncIterator[Push]:
        """Everything the supervisor sends unasked, in order; ends when the connection is lost."""
        while (push := await self._pushes.get()) is not None:
            yield push

    async def close(self) -> None:
        """Close the connection."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._writer.close()

    async def _read(self) -> None:
        try:
            while line := await self._reader.readline():
                self._take(load_frame(line))
        except (OSError, ValueError, asyncio.LimitOverrunError):
            pass
        finally:
            self._lost()

    def _take(self, frame: dict[str, Any]) -> None:
        if "push" in frame:
            self._pushes.put_nowait(load_push(frame["push"]))
            return
        future = self._waiting.get(int(frame.get("id", 0)))
        if future is not None and not future.done():
            future.set_result(frame)

    def _lost(self) -> None:
        for future in self._waiting.values():
            if not future.done():
                error = UnreachableError("The connection to the supervisor was lost.")
                future.set_exception(error)
        self._pushes.put_nowait(None)
