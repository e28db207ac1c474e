"""What the connection itself answers."""

from dataclasses import dataclass, field
from typing import Literal

PROTOCOL_VERSION = 2
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """First frame of every connection; git runs in `environment` for what is asked on it."""

    protocol: int = PROTOCOL_VERSION
    version: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    type: Literal["hello"] = "hello"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """Push every session's state now, and every record from then on."""

    type: Literal["subscribe"] = "subscribe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """Also push partial text of this session; replaces what was followed; None follows none."""

    session: str | None
    type: Literal["follow"] = "follow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shutdown:
    """End the supervisor; with `keep_sessions`, leave the agents working."""

    keep_sessions: bool = False
    type: Literal["shutdown"] = "shutdown"


ConnectionRequest = Hello | Subscribe | Follow | Shutdown
