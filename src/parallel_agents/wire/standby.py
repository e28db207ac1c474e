"""What a standby, the screen that it lends, and the front in the terminal say to each other.

Keep true: nothing of the terminal is touched before both ends have said that they are ready; what
one end says before it is gone is still read.
"""

import os
import socket
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from parallel_agents.core.codec import load
from parallel_agents.core.errors import UserError
from parallel_agents.core.value import Tagged
from parallel_agents.wire.framing import LineSplitter, dump_frame

LIMIT = 16 << 20
"""Longest message in bytes: a whole environment fits many times."""

DESCRIPTORS = 4
"""How many come with an `Offer`: standard input, output and error, and the working directory."""


class Offer(Tagged, tag="offer"):
    """A front offers its terminal to a screen.

    Attributes:
        identity: what a process cannot change about itself; see `client.identity`.
        place: where a new session is dispatched by default; absolute.
        environment: all of the front's.
        umask: the front's.
    """

    identity: dict[str, str]
    place: str
    environment: dict[str, str]
    umask: int


class End(Tagged, tag="end"):
    """The standby is to end; screens that it has lent stay."""


class Ready(Tagged, tag="ready"):
    """A screen was made for the front.

    Attributes:
        pid: its process id.
        restores: what to write to a terminal that the screen leaves behind.
    """

    pid: int
    restores: str


class Refused(Tagged, tag="refused"):
    """No screen was made."""


class Go(Tagged, tag="go"):
    """The screen is to take the terminal."""


class Painted(Tagged, tag="painted"):
    """The screen has painted."""


class Program(Tagged, tag="program"):
    """The front is to run a program in the foreground; `Outcome` answers."""

    argv: tuple[str, ...]
    cwd: str
    environment: dict[str, str]


class Stop(Tagged, tag="stop"):
    """The front is to stop itself, as job control does; `Outcome` answers when it goes on."""


class Outcome(Tagged, tag="outcome"):
    """What became of a `Program` or a `Stop`.

    Attributes:
        status: the program's exit status.
        error: why it could not be started.
    """

    status: int = 0
    error: str = ""


class Ended(Tagged, tag="ended"):
    """The screen has ended, and the terminal is as it was."""

    code: int


Message = Offer | End | Ready | Refused | Go | Painted | Program | Stop | Outcome | Ended


class Link:
    """One end of a connection between a front and a standby or its screen.

    Args:
        sock: a connected Unix socket.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._splitter = LineSplitter(LIMIT)
        self._lines: list[bytes] = []
        self.descriptors: list[int] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def send(self, message: Tagged, descriptors: Sequence[int] = ()) -> None:
        """Say something, and hand descriptors over with it.

        Raises:
            OSError: the other end is gone, or does not read.
        """
        data = dump_frame(message)
        done = socket.send_fds(self.socket, [data], descriptors) if descriptors else 0
        self.socket.sendall(data[done:])

    def receive(self) -> Message | None:
        """Wait for the next message; None when the other end is gone.

        Descriptors that come with it are appended to `descriptors`; they belong to the caller.

        Raises:
            OSError: nothing came within the socket's time limit.
            ValueError: it is no such message.
        """
        while not self._lines:
            try:
                data, came, _, _ = socket.recv_fds(self.socket, 1 << 16, DESCRIPTORS)
            except ConnectionError:
                return None
            for descriptor in came:
                os.set_inheritable(descriptor, False)  # some Pythons pass no flags to the kernel
            self.descriptors += came
            if not data:
                return None
            self._feed(data)
        message: Message = load(self._lines.pop(0), Message)
        return message

    def _feed(self, data: bytes) -> None:
        try:
            self._lines += self._splitter.feed(data)
        except UserError as error:
            raise ValueError(error.message) from None

    def close(self) -> None:
        """Close the connection, and the descriptors that came over it."""
        self.socket.close()
        while self.descriptors:
            os.close(self.descriptors.pop())
