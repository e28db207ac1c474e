"""What a check has printed, in a file of its session.

Keep true: the end is always kept, and at most `LIMIT` bytes and what a check prints between two
looks; positions count from the first byte that was printed, also after the beginning is dropped.
"""

import codecs
import os
from pathlib import Path
from typing import IO, NamedTuple

from parallel_agents.supervisor.base.small_files import read_json, write_json

LIMIT = 4 << 20
PAGE = 64 << 10
TAIL_LINES = 20
_TAIL_BYTES = 2_000


class OutputPage(NamedTuple):
    """A part of what a check has printed.

    Attributes:
        text: bytes that are not UTF-8 are replaced.
        start: position of its first byte; later than asked for when that is not kept.
        next: position after its last byte.
        size: how many bytes were printed so far.
    """

    text: str
    start: int
    next: int
    size: int


class CheckOutput:
    """The output of one check: the last run's only.

    Args:
        directory: the session's.
        name: the check's, which is a slug.
    """

    def __init__(self, directory: Path, name: str) -> None:
        self._path = directory / "checks" / f"{name}.log"
        self._older = self._path.with_suffix(".older")
        self._dropped = self._path.with_suffix(".dropped")

    def begin(self) -> IO[bytes]:
        """Forget the last run, and open the file for the next one.

        Raises:
            OSError: it cannot be made.
        """
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        for path in (self._path, self._older, self._dropped):
            path.unlink(missing_ok=True)
        # Appending, because `bound` empties the file while the check writes.
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        return os.fdopen(descriptor, "wb")

    def bound(self) -> int:
        """Drop the beginning of an output that is too long; bytes printed meanwhile may go too.

        Returns:
            How many bytes were printed so far.

        Raises:
            OSError, StorageError: it cannot be read or written.
        """
        size = self._path.stat().st_size
        before = self._before()
        if size <= LIMIT // 2:
            return before + size
        with self._path.open("rb") as file:
            file.seek(size - LIMIT // 2)
            kept = file.read(LIMIT // 2)
        write_json(self._dropped, before + size - len(kept), sync=False)
        self._older.write_bytes(kept)
        os.truncate(self._path, 0)
        return before + size

    def _before(self) -> int:
        """How many bytes were printed before those in the newer file."""
        dropped = read_json(self._dropped, lambda value: isinstance(value, int))
        return (dropped or 0) + (self._older.stat().st_size if self._older.exists() else 0)

    def page(self, offset: int, *, ended: bool, limit: int = PAGE) -> OutputPage:
        """Read a part.

        Args:
            offset: position to begin at; negative for the last `limit` bytes.
            ended: whether the check has ended, so that a character cut off at the end is broken.
            limit: bytes to read at most.

        Raises:
            OSError, StorageError: it cannot be read.
        """
        before = self._before()
        size = before + (self._path.stat().st_size if self._path.exists() else 0)
        first = before - (self._older.stat().st_size if self._older.exists() else 0)
        start = min(max(size - limit if offset < 0 else offset, first), size)
        data = self._bytes(start, limit, first, before)
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        text = decoder.decode(data, final=ended and start + len(data) >= size)
        return OutputPage(text, start, start + len(data) - len(decoder.getstate()[0]), size)

    def _bytes(self, start: int, limit: int, first: int, before: int) -> bytes:
        data = b""
        for path, begins in ((self._older, first), (self._path, before)):
            at = start + len(data)
            if len(data) < limit and at >= begins and path.exists():
                with path.open("rb") as file:
                    file.seek(at - begins)
                    data += file.read(limit - len(data))
        return data

    def tail(self) -> str:
        """The last lines.

        Raises:
            OSError, StorageError: it cannot be read.
        """
        page = self.page(-1, ended=True, limit=_TAIL_BYTES)
        return "\n".join(page.text.rstrip("\n").split("\n")[-TAIL_LINES:])
