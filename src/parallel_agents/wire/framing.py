"""Splits a byte stream into frames: one JSON object per line, limited in length; does no I/O."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import UNSET, Raw, UnsetType

from parallel_agents.core.codec import dump, from_plain
from parallel_agents.core.errors import UsageError
from parallel_agents.core.value import Value, replace


class WireError(Value):
    """A `UserError` as it is sent to a client."""

    kind: str = ""
    message: str = ""
    hint: str = ""


class Frame(Value):
    """A frame of the supervisor; an `alive` frame has none of these fields.

    Attributes:
        id: number of the request that is answered; None for an error of the whole connection.
        reply: the reply, not decoded yet: its type depends on the request.
        error: why there is no reply.
        push: a push, not decoded yet.
    """

    id: int | UnsetType | None = UNSET
    reply: Raw | UnsetType = UNSET
    error: WireError | UnsetType = UNSET
    push: Raw | UnsetType = UNSET


_DECODER = msgspec.json.Decoder(Frame)


class LineSplitter:
    """Splits a byte stream into lines.

    Args:
        limit: the maximum length of a line in bytes; `feed` raises `UsageError` for a longer one.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes, and yield each line that they complete, without its newline.

        Raises:
            UsageError: a line is longer than the limit.
        """
        self._rest += data
        while (end := self._rest.find(b"\n")) >= 0:
            line = bytes(self._rest[:end])
            del self._rest[: end + 1]
            self._check(len(line))
            yield line
        self._check(len(self._rest))

    def _check(self, length: int) -> None:
        if length > self._limit:
            raise UsageError(f"a frame of over {self._limit:,} bytes was sent")


def dump_frame(value: object) -> bytes:
    """Write one frame as JSON, with its newline."""
    return dump(value) + b"\n"


def load_frame(line: bytes) -> Frame:
    """Read a frame of the supervisor.

    Raises:
        UsageError: the line is no such frame.
    """
    try:
        return _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return _tolerated(load_object(line))


def _tolerated(value: dict[str, Any]) -> Frame:
    """Read a frame that msgspec refuses, because its text has half a surrogate pair.

    Raises:
        UsageError: it is no frame of a supervisor.
    """
    unread = {name: Raw(dump(value[name])) for name in ("reply", "push") if name in value}
    read = {name: one for name, one in value.items() if name not in unread}
    try:
        return replace(from_plain(read, Frame), **unread)
    except ValueError:
        raise UsageError("a frame is not what a supervisor sends") from None


def load_object(line: bytes) -> dict[str, Any]:
    """Read a line as a JSON object; the caller must check its content.

    Raises:
        UsageError: it is not a JSON object.
    """
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise UsageError("a frame is not JSON") from None
    if not isinstance(value, dict):
        raise UsageError("a frame is not a JSON object")
    return value
