"""A session's event file: append-only, one record a line.

Keep true: a record is in the file, whole, before anybody is told of it; records that belong
together are written together, and a file that ends inside such a group is cut back to before it;
a write that fails leaves the file as it was. `seq` counts from 1 without a gap.
"""

import os
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

from parallel_agents.core.codec import dump_record, load_record
from parallel_agents.core.errors import StorageError
from parallel_agents.core.events import Record

_CHUNK = 1 << 20
_TAIL = 16 << 10


class Journal:
    """One `journal.jsonl`.

    Args:
        path: the file; made when missing.

    Raises:
        StorageError: when it cannot be opened or mended.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._starts: array[int] | None = None
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            self.size = os.fstat(self._fd).st_size
            self._mend()
        except OSError as error:
            raise _storage(path, error) from error

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    def append(self, records: Sequence[Record], *, sync: bool = False) -> None:
        """Write records that belong together.

        Args:
            records: in order; all but the last have `more` set.
            sync: wait until the disk has them; for what a person asked for.

        Raises:
            StorageError: nothing was written.
        """
        lines = [dump_record(record) + b"\n" for record in records]
        data = b"".join(lines)
        try:
            self._write(data)
            if sync:
                os.fsync(self._fd)
        except OSError as error:
            os.ftruncate(self._fd, self.size)
            raise _storage(self.path, error) from error
        for line in lines:
            if self._starts is not None:
                self._starts.append(self.size)
            self.size += len(line)

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]

    def read_from(self, offset: int) -> Iterator[Record]:
        """Read records from a byte offset that begins one, to the end.

        Raises:
            StorageError: when the file cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(offset)
                for line in file:
                    yield load_record(line)
        except (OSError, ValueError) as error:
            raise StorageError(f"cannot read {self.path}: {error}") from error

    def page(self, first: int, last: int) -> list[Record]:
        """Read the records with `first <= seq <= last`; beyond the ends there is nothing."""
        starts = self._index()
        first = max(first, 1)
        last = min(last, len(starts))
        if last < first:
            return []
        begin = starts[first - 1]
        end = starts[last] if last < len(starts) else self.size
        data = os.pread(self._fd, end - begin, begin)
        return [load_record(line) for line in data.splitlines()]

    def seq_before(self, offset: int) -> int:
        """The `seq` of the record that ends at a byte offset; 0 when none does."""
        if not 0 < offset <= self.size:
            return 0
        line = self._line_before(offset)[1]
        try:
            return load_record(line).seq if line.endswith(b"\n") else 0
        except ValueError:
            return 0

    @property
    def count(self) -> int:
        """How many records there are."""
        return len(self._index())

    def _index(self) -> "array[int]":
        """Where each record starts; built once, when a page is first asked for."""
        if self._starts is None:
            starts = array("Q", [0] if self.size else [])
            for position in self._newlines():
                if position < self.size:
                    starts.append(position)
            self._starts = starts
        return self._starts

    def _newlines(self) -> Iterator[int]:
        offset = 0
        while chunk := os.pread(self._fd, _CHUNK, offset):
            found = chunk.find(b"\n")
            while found >= 0:
                yield offset + found + 1
                found = chunk.find(b"\n", found + 1)
            offset += len(chunk)

    def _mend(self) -> None:
        """Cut off a torn line, and a group that is not whole."""
        while self.size:
            start, line = self._line_before(self.size)
            if line.endswith(b"\n") and _is_whole(line):
                return
            os.ftruncate(self._fd, start)
            self.size = start

    def _line_before(self, end: int) -> tuple[int, bytes]:
        tail = b""
        offset = end
        while offset > 0:
            step = min(_TAIL, offset)
            offset -= step
            tail = os.pread(self._fd, step, offset) + tail
            cut = tail.rfind(b"\n", 0, len(tail) - 1)
            if cut >= 0:
                return offset + cut + 1, tail[cut + 1 :]
        return 0, tail


def _is_whole(line: bytes) -> bool:
    try:
        return not load_record(line).more
    except ValueError:
        return False


def _storage(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"cannot write {path}: {error.strerror}",
        "Free some space, or check the permissions; nothing was lost, and it goes on by itself.",
    )
