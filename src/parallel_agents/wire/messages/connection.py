"""Requests about the connection and the supervisor itself."""

from typing import Any

from msgspec import field

from parallel_agents.core.value import Value
from parallel_agents.wire.request import Done, Request

PROTOCOL_VERSION = 5
"""Version of the protocol; both ends must have the same."""

FRAME_LIMIT = 64 << 20
"""Maximum length of a frame in bytes: one agent line (16 MiB) with every character escaped."""

BEAT = 1.0
"""Seconds between two `alive` frames to a client that waits for something."""

SILENCE = 10.0
"""Seconds without any frame after which a waiting client gives up on the supervisor."""

GREETING = 5.0
"""Seconds that the reply to `hello` may take."""

PUSH_LIMIT = 4 << 20
"""Bytes of pushes that a client may leave unread before it is resynchronised."""


class Greeting(Value):
    """The supervisor's reply to `hello`.

    Attributes:
        outdated: whether the client is newer, so that it may replace this supervisor.
    """

    version: str
    protocol: int
    pid: int
    outdated: bool = False


class Hello(Request[Greeting], tag="hello"):
    """The first request of every connection; for the later ones, git runs in `environment`."""

    protocol: int = PROTOCOL_VERSION
    version: str = ""
    environment: dict[str, str] = field(default_factory=dict)


class Subscribe(Request[Done], tag="subscribe"):
    """Push every session's state now, and every record from then on."""


class Follow(Request[Done], tag="follow"):
    """Also push partial text, of these sessions only."""

    sessions: tuple[str, ...]


class Ending(Value):
    """What happened to the agents when the supervisor ended.

    Attributes:
        cut: ids of the sessions whose turn was cut.
        kept: how many agents keep working.
    """

    cut: tuple[str, ...] = ()
    kept: int = 0


class Shutdown(Request[Ending], tag="shutdown"):
    """End the supervisor, and its agents unless `keep_sessions` is set."""

    keep_sessions: bool = False


class Setting(Value):
    """A setting in effect, and where it comes from."""

    value: Any
    source: str


class SupervisorStatus(Value):
    """The state of the supervisor.

    Attributes:
        sessions: how many sessions it knows.
        alive: how many of them have a process.
        home: the state directory.
        damaged: for each session that cannot be read at all, by id, the reason.
        damaged_records: by session, how many records of its journal cannot be read; `person` is
            the journal of what you trust.
        config: the settings, by name.
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
    """Ask for the state of the supervisor; answered even while it is still loading sessions."""
