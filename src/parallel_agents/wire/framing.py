"""Lines out of a byte stream: one JSON object a line, with a limit; no input or output here."""

import json
from collections.abc import Iterator
from typing import Any

from parallel_agents.core.errors import UsageError


class LineSplitter:
    """Cuts a byte stream into lines.

    Args:
        limit: longest line in bytes; a longer one raises `UsageError` when fed.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes; yields every line they complete, without its newline.

        Raises:
            UsageError: when a line is longer than the limit.
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
    """Write one frame, newline included."""
    return json.dumps(value, separators=(",", ":")).encode("utf-8", "surrogateescape") + b"\n"


def load_frame(line: bytes) -> dict[str, Any]:
    """Read one frame.

    Raises:
        UsageError: when it is no JSON object.
    """
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        raise UsageError("a frame is not JSON") from None
    if not isinstance(value, dict):
        raise UsageError("a frame is not a JSON object")
    return value
