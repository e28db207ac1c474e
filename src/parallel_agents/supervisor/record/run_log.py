"""Reads the log of one run while it grows.

Keep true: each line is returned once, whole, with the offset of the next one; a line longer than
`LINE_LIMIT` costs no more memory than that and gives only its head; the part of the log that has
been read may be freed behind the reader.
"""

import ctypes
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from parallel_agents.agents.base import Said, Translator
from parallel_agents.core import events as ev

log = logging.getLogger(__name__)

LINE_LIMIT = 16 << 20
"""The longest line of an agent that is read, in bytes; only the head of a longer one is kept."""

HEAD = 64 << 10
"""How many bytes of an oversize line are kept."""

_CHUNK = 1 << 20
_KEEP_SIZE = 1
_PUNCH_HOLE = 2


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the agent.

    Attributes:
        at: when the line arrived, in milliseconds since 1970.
        text: the line without time stamp and newline; only its head if oversize.
        offset: where the next line begins in `out.log`, in bytes.
        oversize: whether `text` is only the head.
    """

    at: int
    text: bytes
    offset: int
    oversize: bool = False


def punch_hole(descriptor: int, length: int) -> None:
    """Free the blocks at the beginning of a file (Linux fallocate(2)).

    Args:
        descriptor: an open file.
        length: how many bytes to free; they will not be read again.

    Raises:
        OSError: the file system does not support it.
    """
    function = ctypes.CDLL(None, use_errno=True).fallocate
    function.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
    if function(descriptor, _PUNCH_HOLE | _KEEP_SIZE, 0, length) != 0:
        raise OSError(ctypes.get_errno(), "fallocate failed")


class LogReader:
    """Cuts a growing `out.log` into lines.

    Args:
        path: the log.
        offset: where the first unread line begins, in bytes.
    """

    def __init__(self, path: Path, offset: int) -> None:
        self._path = path
        self.offset = offset
        self._rest = bytearray()
        self._read_to = offset
        self._skipping = False

    def read(self) -> list[LogLine]:
        """Read the next bytes and return the lines that are complete; empty if there are none.

        Raises:
            OSError: the log cannot be read.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(self._read_to)
                data = file.read(_CHUNK)
        except FileNotFoundError:
            return []
        self._read_to += len(data)
        self._rest += data
        return list(self._lines())

    @property
    def behind(self) -> bool:
        """Whether the log holds unread bytes."""
        try:
            return self._path.stat().st_size > self._read_to
        except FileNotFoundError:
            return False

    def _lines(self) -> "list[LogLine]":
        lines: list[LogLine] = []
        begin = 0
        while (end := self._rest.find(b"\n", begin)) >= 0:
            line = self._take(bytes(self._rest[begin:end]), end + 1 - begin)
            begin = end + 1
            if line is not None:
                lines.append(line)
        del self._rest[:begin]
        if len(self._rest) > LINE_LIMIT:
            lines.append(self._oversize())
        return lines

    def _take(self, line: bytes, length: int) -> LogLine | None:
        self.offset += length
        if self._skipping:
            self._skipping = False
            return None
        stamp, _, text = line.partition(b" ")
        at = _time(stamp)
        return LogLine(at, text, self.offset)

    def _oversize(self) -> LogLine:
        """Return the head of a line that is too long, and skip the rest of it."""
        head = bytes(self._rest[:HEAD])
        dropped = len(self._rest)
        self._rest.clear()
        self.offset += dropped
        if self._skipping:
            return LogLine(0, b"", self.offset, oversize=True)
        self._skipping = True
        stamp, _, text = head.partition(b" ")
        return LogLine(_time(stamp), text, self.offset, oversize=True)


def _time(stamp: bytes) -> int:
    """Read the time stamp of a line; 0 if there is none, as in the rest of a line that was cut."""
    return int(stamp) if stamp.isdigit() and len(stamp) < 20 else 0


def said_in(line: LogLine, translator: Translator) -> list[Said]:
    """Translate a line; if we fail to read it, keep its text in an event instead.

    Args:
        line: a line of the agent's log.
        translator: the one that has read all earlier lines.
    """
    if not line.oversize:
        try:
            return list(translator.translate(line.text))
        except Exception:
            log.exception("a line of the agent could not be read")
            return [_kept("unread", line)]
    return [_kept("oversize", line)] if line.text else []


def _kept(why: Literal["oversize", "unread"], line: LogLine) -> ev.LineKept:
    return ev.LineKept(why=why, text=line.text[:4096].decode("utf-8", "replace"))
