"""The blocking client that every command-line verb uses: one question, and little to load.

Keep true: a request that changes something is asked again once, under the same key, when the
supervisor goes away before it answered; the key makes that harmless. Nobody waits for one that
does not live: it greets within `GREETING` seconds, and is heard every `SILENCE` from then on.
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
        start: start a supervisor when none answers.
    """

    def __init__(self, *, start: bool = True) -> None:
        self._start = start
        self._socket: socket.socket | None = None
        self._splitter = LineSplitter(FRAME_LIMIT)
        self._lines: list[bytes] = []
        self._number = 0

    def request(self, message: Request[R]) -> R:
        """Ask, and wait for the answer.

        Raises:
            UserError: what the supervisor refused, as it was raised there.
            UnreachableError: the supervisor does not answer, or not any more.
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
        """Ask, and wait; `within` is how many seconds that may take in all."""
        assert self._socket is not None  # noqa: S101 - callers open first
        self._number += 1
        ends = time.monotonic() + within
        try:
            self._socket.settimeout(min(SILENCE, within))
            # A supervisor that refuses to listen has hung up already, and said why before.
            with contextlib.suppress(ConnectionError):
                self._socket.sendall(dump_frame({"id": self._number, "request": message}))
            while True:
                frame = load_frame(self._line(ends))
                # Without a number it is of no use to ask anything here.
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
    """The error for a supervisor that is there and does not answer.

    Args:
        pid: its process id.
    """
    return UnreachableError(
        f"The supervisor (process {pid}) does not answer.",
        f"If this continues, end it: kill -9 {pid}. Sessions keep working; the next command starts "
        "another supervisor, which takes them up.",
    )


def hello() -> Hello:
    """The first frame of a connection of this process, with the environment for git."""
    return Hello(version=__version__, environment=dict(os.environ))


def unwrap(frame: Frame, kind: type[R]) -> R:
    """Take the answer out of a reply frame.

    Raises:
        UserError: when the reply is a refusal.
        UnreachableError: the reply is no such answer: it comes from another version.
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
