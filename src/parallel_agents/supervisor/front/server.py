"""The socket: who connects, what they may ask, what they are sent.

Keep true: only this user's processes are heard; a process that descends from an agent may only
read, and an attempt at more is journalled as an alarm; a client that misbehaves loses only its own
connection; a client that asks and does not read costs no more than its first requests; no request
of one client makes another client's wait. Each request is answered, even after a fault of ours, and
whoever waits hears every `BEAT` seconds that the supervisor is alive.
"""

import asyncio
import contextlib
import errno
import logging
import os
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from parallel_agents import __version__
from parallel_agents.core.errors import (
    ExhaustedError,
    RefusedError,
    UsageError,
    UserError,
    of_system,
    unforeseen,
)
from parallel_agents.supervisor.base.hub import Hub, Subscriber
from parallel_agents.supervisor.base.tasks import Tasks
from parallel_agents.supervisor.base.threads import Threads
from parallel_agents.supervisor.front.api import Api
from parallel_agents.supervisor.front.request_log import Entry, RequestLog
from parallel_agents.supervisor.run.spawn import kept_environment
from parallel_agents.wire import messages as m
from parallel_agents.wire.codec import load_request, refuse_nul
from parallel_agents.wire.framing import LineSplitter, WireError, dump_frame, load_object
from parallel_agents.wire.peer import descends_from_agent, peer_pid
from parallel_agents.wire.request import Done
from parallel_agents.worktrees.plumbing import surroundings

log = logging.getLogger(__name__)

_CLIENTS = 200
_AT_ONCE = 100
"""How many requests of one client are handled at a time; later ones are not read until then."""
_BACKLOG = 100
_VERSION_LENGTH = 40
_ACCEPT_AGAIN = 0.1
_EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}


class Server:
    """Listens for clients.

    Args:
        api: answers requests.
        hub: pushes.
        threads: where blocking work is done.
        alarm: told when an agent's process asks for more than reading.
        ended: told when a client asked the supervisor to end, after it was answered.
    """

    def __init__(
        self,
        api: Api,
        hub: Hub,
        threads: Threads,
        alarm: Callable[[int, str], None],
        ended: Callable[[], None],
    ) -> None:
        self.api = api
        self.hub = hub
        self.threads = threads
        self.alarm = alarm
        self.ended = ended
        self.clients: dict[Client, None] = {}  # in order of arrival
        self.requests = RequestLog()
        self._somebody = asyncio.Event()
        self._tasks = Tasks("server")
        self._reserve = _Reserve()
        self._file: os.stat_result | None = None
        self._accepting: asyncio.Task[None] | None = None

    def listen(self, path: Path) -> None:
        """Start listening; the caller holds the supervisor's lock, so an existing file is stale."""
        self._open(path)
        self._tasks.start("beat", self._beat())

    def _open(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listening.setblocking(False)
            listening.bind(os.fspath(path))
            path.chmod(0o600)
            listening.listen(_BACKLOG)
            self._file = path.lstat()
        except OSError:
            listening.close()
            raise
        self._accepting = self._tasks.start("accept", self._accept(listening))

    def look(self, path: Path) -> None:
        """Listen again if somebody removed the socket's file, so that nobody can connect.

        Raises:
            OSError: listening is not possible now.
        """
        with contextlib.suppress(FileNotFoundError):
            if self._file is not None and os.path.samestat(path.lstat(), self._file):
                return
        log.warning("the socket %s was removed; it is made again", path)
        if self._accepting is not None:
            self._accepting.cancel()
        self._open(path)

    async def close(self) -> None:
        """Stop listening and close all connections."""
        await self._tasks.end()
        self._reserve.close()

    def later(self, what: str, work: Coroutine[Any, Any, object]) -> None:
        """Do something that outlives the client that caused it.

        Args:
            what: names it in the log.
            work: what to do.
        """
        self._tasks.start(what, work)

    async def _accept(self, listening: socket.socket) -> None:
        with listening:
            while True:
                try:
                    sock, _ = await asyncio.get_running_loop().sock_accept(listening)
                except OSError as error:
                    if error.errno in _EXHAUSTED:
                        self._reserve.turn_away(listening, error)
                    await asyncio.sleep(_ACCEPT_AGAIN)
                else:
                    self._tasks.start("client", self._serve(sock))

    async def _serve(self, sock: socket.socket) -> None:
        if len(self.clients) >= _CLIENTS and not self._make_room():
            _refuse(sock, ExhaustedError("The supervisor has too many clients.", "Close some."))
            return
        reader, writer = await asyncio.open_unix_connection(sock=sock)
        client = Client(self, reader, writer)
        self.clients[client] = None
        self._somebody.set()
        try:
            await client.run()
        except (OSError, UsageError) as error:
            log.info("a client left: %s", error)
        finally:
            self.clients.pop(client, None)
            writer.close()

    def _make_room(self) -> bool:
        """Disconnect the oldest client that never asked anything; returns whether there was one."""
        silent = next((client for client in self.clients if not client.asked), None)
        if silent is not None:
            del self.clients[silent]
            silent.hang_up()
        return silent is not None

    async def _beat(self) -> None:
        while True:
            if not self.clients:
                self._somebody.clear()
                await self._somebody.wait()
            await asyncio.sleep(m.BEAT)
            for client in list(self.clients):
                client.beat()


class _Reserve:
    """A spare file descriptor, so that a client can be told when none are left."""

    def __init__(self) -> None:
        self._descriptor: int | None = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def turn_away(self, listening: socket.socket, error: OSError) -> None:
        """Use the spare descriptor to tell a waiting client why it is refused, and hang up."""
        self.close()
        with contextlib.suppress(OSError):
            _refuse(
                listening.accept()[0],
                of_system(error, "The supervisor cannot accept more connections"),
            )
        with contextlib.suppress(OSError):
            self._descriptor = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        """Release the descriptor."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _refuse(sock: socket.socket, error: UserError) -> None:
    """Answer with an error whatever the client asks, without reading it."""
    with sock, contextlib.suppress(OSError):
        sock.setblocking(False)
        sock.send(dump_frame({"id": None, "error": _error(error)}))


class Client:
    """One connection.

    Args:
        server: the server that accepted it.
        reader: what the client sends.
        writer: what the client is sent.

    Attributes:
        asked: whether it has sent a request.
    """

    def __init__(
        self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._subscriber = Subscriber()
        # If pushing fails, close the connection: the client connects again and gets all pushes.
        self._tasks = Tasks("client", lambda _: writer.close())
        self._pid, self._uid = peer_pid(writer.get_extra_info("socket"))
        self._ancestry: asyncio.Future[bool] | None = None
        self._attaches: set[str] = set()
        self._waits = 0
        self._room = asyncio.Semaphore(_AT_ONCE)
        self.asked = False
        self._environment: dict[str, str] = {}

    async def run(self) -> None:
        """Answer requests until the client hangs up."""
        if self._uid != os.getuid():
            return
        # Started now, because the ancestors of a client that is gone can no longer be found.
        self._ancestry = asyncio.ensure_future(
            self._server.threads.quick(descends_from_agent, self._pid)
        )
        splitter = LineSplitter(m.FRAME_LIMIT)
        try:
            while data := await self._reader.read(1 << 16):
                for line in splitter.feed(data):
                    await self._take(load_object(line))
        finally:
            self._server.hub.remove(self._subscriber)
            self._ancestry.cancel()
            self._server.later("end a client's requests", self._tasks.end())
            if self._attaches:
                work = self._server.api.terminals.lost(self._attaches)
                self._server.later("take conversations back", work)

    async def _take(self, frame: dict[str, Any]) -> None:
        """Start a request once there is room for it and the client has read earlier answers."""
        self.asked = True
        await self._writer.drain()
        await self._room.acquire()
        work = self._tasks.start("request", self._handle(frame))
        work.add_done_callback(lambda _: self._room.release())

    def hang_up(self) -> None:
        """Close the connection."""
        self._writer.close()

    def beat(self) -> None:
        """Tell a waiting client that the supervisor is alive, if it has read everything so far."""
        if self._waits and not self._writer.transport.get_write_buffer_size():
            self._writer.write(dump_frame({"alive": True}))

    async def _handle(self, frame: dict[str, Any]) -> None:
        self._waits += 1
        try:
            with self._server.requests.entry(self._pid) as entry:
                answer, ends = await self._answer_to(frame, entry)
        finally:
            self._waits -= 1
        with contextlib.suppress(OSError):
            self._writer.write(answer)
            await self._writer.drain()
        if ends:
            self._server.ended()

    async def _answer_to(self, frame: dict[str, Any], entry: Entry) -> tuple[bytes, bool]:
        """The frame that answers a request, and whether the supervisor must end after it."""
        number = frame.get("id")
        try:
            entry.message = message = load_request(frame.get("request"))
            await self._check(message)
            refuse_nul(frame["request"])
            with surroundings.of(self._environment):
                reply = dump_frame({"id": number, "reply": await self._answer(message)})
        except UserError as error:
            said = error
        except Exception as error:
            log.exception("a request failed")
            said = unforeseen(error, str(self._server.api.log_file))
        else:
            return reply, isinstance(message, m.Shutdown)
        entry.error = said
        return dump_frame({"id": number, "error": _error(said)}), False

    async def _check(self, message: m.AnyRequest) -> None:
        if isinstance(message, m.READ_ONLY) or not await self._is_agent():
            return
        self._server.alarm(self._pid, message.type)
        raise RefusedError(
            f"An agent asked for “{message.type}”; agents may only read.",
            "Do it yourself, in your own terminal.",
        )

    async def _is_agent(self) -> bool:
        # Shielded: cancelling one request must not take the answer from the others.
        return self._ancestry is None or await asyncio.shield(self._ancestry)

    async def _answer(self, message: m.AnyRequest) -> object:
        match message:
            case m.Hello():
                if not await self._is_agent():  # an agent may not choose which programs git finds
                    self._environment = kept_environment(
                        message.environment, self._server.api.agents
                    )
                return _greet(message)
            case m.Subscribe():
                self._server.hub.add(self._subscriber)
                self._tasks.start("push", self._push())
                self._waits += 1
                return Done()
            case m.Follow():
                self._subscriber.followed = frozenset(message.sessions)
                self._server.api.followed(message.sessions)
                return Done()
            case m.Shutdown():
                return await self._server.api.shutdown(message)
            case _:
                if isinstance(message, m.AttachBegin):  # first: the client may leave
                    self._attaches.add(message.key)
                return await self._server.api.answer(message)

    async def _push(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                lines = await self._subscriber.take()
                if self._subscriber.behind:
                    self._server.hub.resynchronise(self._subscriber)
                    continue
                self._writer.write(b"".join(lines))
                await self._writer.drain()


def _error(error: UserError) -> WireError:
    return WireError(kind=error.kind, message=error.message, hint=error.hint)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text[:_VERSION_LENGTH].split(".") if part.isdecimal())


def _greet(message: m.Hello) -> m.Greeting:
    """Compare versions: a newer client replaces this supervisor; an older one must restart."""
    theirs = (message.protocol, _version(message.version))
    ours = (m.PROTOCOL_VERSION, _version(__version__))
    if theirs < ours:
        raise UserError(
            f"This client is older ({message.version}) than the supervisor ({__version__}).",
            "Close it and start it again.",
        )
    return m.Greeting(
        version=__version__,
        protocol=m.PROTOCOL_VERSION,
        pid=os.getpid(),
        outdated=theirs > ours,
    )
