"""What is asked of the connection and of the supervisor itself."""

from typing import Any

from msgspec import field

from parallel_agents.core.value import Value
from parallel_agents.wire.request import Done, Request

PROTOCOL_VERSION = 4
"""Version of the wire; both ends must name the same."""

FRAME_LIMIT = 64 << 20
"""Longest frame on the socket in bytes: one agent line (16 MiB) with every character escaped."""

BEAT = 1.0
"""Seconds between two `alive` frames to a client that waits for something."""

SILENCE = 10.0
"""Seconds without any frame after which a client that waits gives the supervisor up."""

GREETING = 5.0
"""Seconds that the answer to `hello` may take."""

PUSH_LIMIT = 4 << 20
"""Unread pushes a client may owe, in bytes, before it is resynchronised."""


class Greeting(Value):
    """Who answers.

    Attributes:
        outdated: the client is newer, and may replace this supervisor.
    """

    version: str
    protocol: int
    pid: int
    outdated: bool = False


class Hello(Request[Greeting], tag="hello"):
    """First frame of every connection; git runs in `environment` for what is asked on it."""

    protocol: int = PROTOCOL_VERSION
    version: str = ""
    environment: dict[str, str] = field(default_factory=dict)


class Subscribe(Request[Done], tag="subscribe"):
    """Push every session's state now, and every record from then on."""


class Follow(Request[Done], tag="follow"):
    """Also push partial text of these sessions, and of no others."""

    sessions: tuple[str, ...]


class Ending(Value):
    """What becomes of the agents.

    Attributes:
        cut: ids of the sessions whose turn was cut.
        kept: how many agents keep working.
    """

    cut: tuple[str, ...] = ()
    kept: int = 0


class Shutdown(Request[Ending], tag="shutdown"):
    """End the supervisor; with `keep_sessions`, leave the agents working."""

    keep_sessions: bool = False


class Setting(Value):
    """A setting in force, and where it comes from."""

    value: Any
    source: str


class SupervisorStatus(Value):
    """How the supervisor is.

    Attributes:
        sessions: how many it knows.
        alive: how many of them have a process.
        home: the state directory.
        damaged: ids of sessions that cannot be read at all.
        damaged_records: by session, how many records of its journal cannot be read; `person` is
            the journal of what you trust.
        config: by name.
    """

    pid: int
    version: str
    protocol: int
    sessions: int
    alive: int
    socket: str
    home: str
    damaged: dict[str, str] = field(default_factory=dict)
    damaged_records: dict[str, int] = field(default_factory=dict)
    config: dict[str, Setting] = field(default_factory=dict)


class Status(Request[SupervisorStatus], tag="status"):
    """How the supervisor is; answered also while it is still taking sessions up."""
