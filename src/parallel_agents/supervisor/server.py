"""The socket: who connects, what they may ask, what they are sent.

Keep true: only this user's processes are heard; one that descends from an agent may only read,
and trying more is journalled as an alarm; a client that misbehaves loses its connection and
nothing else; no request makes another wait.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from parallel_agents import __version__
from parallel_agents.core.errors import RefusedError, StorageError, UsageError, UserError
from parallel_agents.supervisor.api import Api
from parallel_agents.supervisor.hub import Hub, Subscriber
from parallel_agents.supervisor.spawn import kept_environment
from parallel_agents.wire import messages as m
from parallel_agents.wire.codec import load_request, refuse_nul
from parallel_agents.wire.framing import LineSplitter, dump_frame, load_frame
from parallel_agents.wire.peer import descends_from_agent, peer_pid
from parallel_agents.worktrees import surroundings

log = logging.getLogger(__name__)

_CLIENTS = 200


class Server:
    """Listens for clients.

    Args:
        api: answers requests.
        hub: pushes.
        alarm: told when an agent's process asks for more than reading.
        ended: told when a client asked the supervisor to end, after it was answered.
    """

    def __init__(
        self, api: Api, hub: Hub, alarm: Callable[[int, str], None], ended: Callable[[], None]
    ) -> None:
        self.api = api
        self.hub = hub
        self.alarm = alarm
        self.ended = ended
        self.clients = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self, path: Path) -> None:
        """Begin to listen; the caller holds the supervisor's lock, so a file there is stale."""
        await asyncio.to_thread(path.unlink, missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, os.fspath(path))
        await asyncio.to_thread(path.chmod, 0o600)

    async def close(self) -> None:
        """Stop listening and hang up on everybody."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that outlives the client that caused it."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - asyncio starts this as a task
        self._tasks.add(task)
        self.clients += 1
        try:
            if self.clients <= _CLIENTS:
                await Client(self, reader, writer).run()
        except (OSError, UsageError, asyncio.CancelledError) as error:
            log.info("a client left: %s", error)
        finally:
            self.clients -= 1
            self._tasks.discard(task)
            writer.close()


class Client:
    """One connection.

    Args:
        server: where it came in.
        reader: what it says.
        writer: what it is told.
    """

    def __init__(
        self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._subscriber = Subscriber()
        self._tasks: set[asyncio.Task[None]] = set()
        sock = writer.get_extra_info("socket")
        self._pid, self._uid = peer_pid(sock)
        self._is_agent = False
        self._attached: set[str] = set()
        self._environment: dict[str, str] = {}

    async def run(self) -> None:
        """Answer until it hangs up."""
        if self._uid != os.getuid():
            return
        self._is_agent = await asyncio.to_thread(descends_from_agent, self._pid)
        splitter = LineSplitter(m.FRAME_LIMIT)
        try:
            while data := await self._reader.read(1 << 16):
                for line in splitter.feed(data):
                    self._later(self._handle(load_frame(line)))
        finally:
            self._server.hub.remove(self._subscriber)
            for task in list(self._tasks):
                task.cancel()
            for session in self._attached:
                self._server.later(self._server.api.lost_terminal(session))

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle(self, frame: dict[str, Any]) -> None:
        number = frame.get("id")
        ends = False
        try:
            message = load_request(frame.get("request"))
            self._check(message)
            refuse_nul(frame["request"])
            with surroundings.of(self._environment):
                answer: dict[str, Any] = {"id": number, "reply": await self._answer(message)}
            ends = isinstance(message, m.Shutdown)
        except UserError as error:
            answer = {"id": number, "error": _error(error)}
        except OSError as error:
            said = StorageError(f"the disk failed: {error.strerror or error}", "Try again.")
            answer = {"id": number, "error": _error(said)}
        with contextlib.suppress(OSError):
            self._writer.write(dump_frame(answer))
            await self._writer.drain()
        if ends:
            self._server.ended()

    def _check(self, message: m.Request) -> None:
        if not self._is_agent or isinstance(message, m.READ_ONLY):
            return
        self._server.alarm(self._pid, message.type)
        raise RefusedError(
            f"An agent asked for “{message.type}”; agents may only look.",
            "Do it yourself, in your own terminal.",
        )

    async def _answer(self, message: m.Request) -> dict[str, Any]:
        match message:
            case m.Hello():
                if not self._is_agent:  # which programs git finds is not for one to say
                    self._environment = kept_environment(message.environment)
                return _greet(message)
            case m.Subscribe():
                self._server.hub.add(self._subscriber)
                self._later(self._push())
                return {}
            case m.Follow():
                self._subscriber.followed = message.session
                return {}
            case m.Shutdown():
                return await self._server.api.shutdown(message)
            case _:
                reply = await self._server.api.answer(message)
                self._remember(message, reply)
                return reply

    def _remember(self, message: m.Request, reply: dict[str, Any]) -> None:
        """Which conversations this client has in its terminal."""
        if isinstance(message, m.AttachBegin):
            self._attached.add(reply["id"])
        elif isinstance(message, m.AttachEnd):
            self._attached.discard(reply["session"]["id"])

    async def _push(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                lines = await self._subscriber.take()
                if self._subscriber.behind:
                    self._server.hub.resynchronise(self._subscriber)
                    continue
                self._writer.write(b"".join(lines))
                await self._writer.drain()


def _error(error: UserError) -> dict[str, str]:
    return {"kind": error.kind, "message": error.message, "hint": error.hint}


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def _greet(message: m.Hello) -> dict[str, Any]:
    """A newer client replaces an older supervisor; an older client is told to restart."""
    reply = {"version": __version__, "protocol": m.PROTOCOL_VERSION, "pid": os.getpid()}
    theirs = (message.protocol, _version(message.version))
    ours = (m.PROTOCOL_VERSION, _version(__version__))
    if theirs < ours:
        raise UserError(
            f"This client is older ({message.version}) than the supervisor ({__version__}).",
            "Close it and start it again.",
        )
    return {**reply, "outdated": theirs > ours}
