"""The blocking client of the verbs: one request at a time, and few imports.

Keep true: a request is sent once more, under the same key, if the supervisor goes away before it
answers; the key makes that harmless. Nobody waits for a dead supervisor: it must greet within
`GREETING` seconds, and from then on send something every `SILENCE` seconds.
"""

import contextlib
import math
import os
import socket
import time
from typing import TypeVar

from parallel_agents import __version__
from parallel_agents.client.launch import connect
from parallel_agents.core.codec import load
from parallel_agents.core.errors import UnreachableError, error_from_wire
from parallel_agents.wire.framing import Frame, LineSplitter, WireError, dump_frame, load_frame
from parallel_agents.wire.messages import (
    FRAME_LIMIT,
    GREETING,
    SILENCE,
    Greeting,
    Hello,
    Shutdown,
)
from parallel_agents.wire.peer import peer_pid
from parallel_agents.wire.request import Request, reply_kind

R = TypeVar("R")


class QuickClient:
    """One connection to the supervisor.

    Args:
        start: start a supervisor if none answers.
    """

    def __init__(self, *, start: bool = True) -> None:
        self._start = start
        self._socket: socket.socket | None = None
        self._splitter = LineSplitter(FRAME_LIMIT)
        self._lines: list[bytes] = []
        self._number = 0

    def request(self, message: Request[R]) -> R:
        """Send a request and wait for its reply.

        Raises:
            UserError: the supervisor refused; the same error was raised there.
            UnreachableError: the supervisor does not answer, or has stopped answering.
        """
        try:
            return self._ask(message)
        except ConnectionError:
            self.close()
        try:
            return self._ask(message)
        except ConnectionError:
            raise UnreachableError(
                "The supervisor ended before it answered.",
                "Run `parallel-agents doctor` to see why.",
            ) from None

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _ask(self, message: Request[R]) -> R:
        if self._socket is None:
            self._open()
        return self._round_trip(message)

    def _open(self) -> None:
        self._connect()
        reply = self._greet()
        if reply.outdated:
            self._round_trip(Shutdown(keep_sessions=True))
            self.close()
            self._connect()
            self._greet()

    def _greet(self) -> Greeting:
        return self._round_trip(hello(), GREETING)

    def _connect(self) -> None:
        self._socket = connect(start=self._start)
        self._splitter = LineSplitter(FRAME_LIMIT)
        self._lines = []

    def _round_trip(self, message: Request[R], within: float = math.inf) -> R:
        """Send a request and wait for its reply, for at most `within` seconds in total."""
        assert self._socket is not None  # noqa: S101 - callers open first
        self._number += 1
        ends = time.monotonic() + within
        try:
            self._socket.settimeout(min(SILENCE, within))
            # A supervisor that refuses the connection closes it, but sends the reason first.
            with contextlib.suppress(ConnectionError):
                self._socket.sendall(dump_frame({"id": self._number, "request": message}))
            while True:
                frame = load_frame(self._line(ends))
                # Without a number, it is an error of the whole connection.
                if frame.id in {self._number, None}:
                    return unwrap(frame, reply_kind(message))
        except TimeoutError:
            pid, _ = peer_pid(self._socket)
            self.close()
            raise silent(pid) from None

    def _line(self, ends: float) -> bytes:
        assert self._socket is not None  # noqa: S101 - callers open first
        while not self._lines:
            self._socket.settimeout(max(0.001, min(SILENCE, ends - time.monotonic())))
            data = self._socket.recv(1 << 16)
            if not data:
                raise ConnectionResetError("the supervisor closed the connection")
            self._lines.extend(self._splitter.feed(data))
        return self._lines.pop(0)


def silent(pid: int) -> UnreachableError:
    """Make the error for a supervisor process that exists but does not answer."""
    return UnreachableError(
        f"The supervisor (process {pid}) does not answer.",
        f"If this continues, end it: kill -9 {pid}. Sessions keep working; the next command starts "
        "another supervisor, which takes them up.",
    )


def hello() -> Hello:
    """Make the first frame of a connection, with this process's environment for git."""
    return Hello(version=__version__, environment=dict(os.environ))


def unwrap(frame: Frame, kind: type[R]) -> R:
    """Decode the reply in a frame.

    Raises:
        UserError: the frame holds an error.
        UnreachableError: the reply has another form, because it comes from another version.
    """
    if isinstance(frame.error, WireError):
        raise error_from_wire(frame.error.kind, frame.error.message, frame.error.hint)
    try:
        return load(bytes(frame.reply or b""), kind)
    except ValueError as error:
        raise UnreachableError(
            f"This version cannot read the supervisor's answer: {error}",
            "Restart it: parallel-agents daemon stop --keep-sessions",
        ) from None
