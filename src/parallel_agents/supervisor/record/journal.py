"""The event file of a session, or of a person: append-only, one record a line.

Keep true: a record is in the file, whole, before anybody is told of it; records that belong
together are written together, and a file that ends inside such a group is cut back to before it; a
write that fails leaves the file as it was. `seq` counts from 1 without a gap.

Each line begins with a checksum of the rest of the line. A line that does not match its checksum,
or that this version does not understand, costs only that record: it is skipped, counted, and kept
in the file. Lines from before checksums existed are accepted as long as their numbers continue.
"""

import json
import os
import re
import threading
import zlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Generic

from parallel_agents.core.codec import dump, load_record
from parallel_agents.core.errors import StorageError, of_system
from parallel_agents.core.events import Record
from parallel_agents.supervisor.record.fact_form import Numbered, R, Reader

_TAIL = 16 << 10
_SUMMED = re.compile(rb'\{"crc":"([0-9a-f]{8})",')
_FIRST = re.compile(rb'\{(?:"crc":"[0-9a-f]{8}",)?"seq":(\d{1,15}),')


def dump_line(record: Numbered) -> bytes:
    """Write a record as a line of a journal, newline included."""
    rest = dump(record)[1:]
    return b'{"crc":"%08x",%s\n' % (zlib.crc32(rest), rest)


def load_line(line: bytes) -> Record:
    """Read a line of a session's journal.

    Args:
        line: with or without its newline.

    Raises:
        ValueError: it is damaged, or not a record that this version knows.
    """
    return _read(line, load_record)


def _read(line: bytes, reader: Reader[R]) -> R:
    line = line.removesuffix(b"\n")
    if not _fits(line):
        raise ValueError("the line does not fit its checksum")
    return reader(line)


class Journal(Generic[R]):
    """One `journal.jsonl`.

    Args:
        path: the file; created if missing.
        reader: reads the JSON of its records.

    Attributes:
        size: of the file, in bytes.

    Raises:
        StorageError: it cannot be opened or repaired.
    """

    def __init__(self, path: Path, reader: Reader[R]) -> None:
        self.path = path
        self._reader = reader
        self._guard = threading.Lock()
        self._index: _Index | None = None
        self._damaged: set[int] = set()
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise of_system(error, f"cannot write {path}") from error
        try:
            self.size = os.fstat(self._fd).st_size
            self._mend()
        except OSError as error:
            os.close(self._fd)
            raise of_system(error, f"cannot write {path}") from error

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)

    @property
    def damaged(self) -> int:
        """How many unreadable lines were found so far; lines not read yet are not counted."""
        return len(self._damaged)

    def append(self, records: Sequence[R]) -> None:
        """Write records that belong together.

        Args:
            records: in order; all but the last have `more` set.

        Raises:
            StorageError: nothing was written.
        """
        self._check_ours()
        lines = [dump_line(record) for record in records]
        try:
            self._write(b"".join(lines))
        except OSError as error:
            os.ftruncate(self._fd, self.size)
            raise of_system(error, f"cannot write {self.path}") from error
        with self._guard:
            for record, line in zip(records, lines, strict=True):
                if self._index is not None:
                    self._index.add(record.seq, self.size)
                self.size += len(line)

    def sync(self) -> None:
        """Wait until the appended records are on the disk; may be called in another thread.

        Raises:
            OSError: the disk does not confirm it.
        """
        os.fsync(self._fd)

    def _check_ours(self) -> None:
        """Check that the file is still ours: records in a removed or replaced file would be lost.

        Raises:
            StorageError: it was removed, replaced or changed.
        """
        try:
            there, ours = self.path.stat(), os.fstat(self._fd)
        except OSError as error:
            raise of_system(error, f"cannot write {self.path}") from error
        if not os.path.samestat(there, ours) or ours.st_size != self.size:
            raise StorageError(
                f"cannot write {self.path}: something else removed, replaced or changed it",
                "Put it back; then: parallel-agents daemon stop --keep-sessions",
            )

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]

    def read_from(self, offset: int, after: int = 0) -> Iterator[R]:
        """Read records from a byte offset that begins one, to the end.

        Args:
            offset: in bytes.
            after: number of the record that ends there.

        Raises:
            StorageError: the file cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                file.seek(offset)
                yield from self._records(file, offset, after)
        except OSError as error:
            raise of_system(error, f"cannot read {self.path}") from error

    def page(self, first: int, last: int) -> list[R]:
        """Read the records with `first <= seq <= last`; there is nothing beyond the ends.

        Raises:
            StorageError: the file cannot be read.
        """
        try:
            begin, end, after = self._indexed().span(first, last, self.size)
            data = os.pread(self._fd, end - begin, begin)
        except OSError as error:
            raise of_system(error, f"cannot read {self.path}") from error
        lines = [part + b"\n" for part in data.split(b"\n")[:-1]]
        return [r for r in self._records(lines, begin, after) if first <= r.seq <= last]

    def seq_before(self, offset: int) -> int:
        """The `seq` of the record that ends at a byte offset; 0 if none does."""
        if not 0 < offset <= self.size:
            return 0
        line = self._line_before(offset)[1]
        try:
            return _read(line, self._reader).seq if line.endswith(b"\n") else 0
        except ValueError:
            return 0

    @property
    def count(self) -> int:
        """The `seq` of the last record; 0 if there is none."""
        return self._indexed().last

    def _records(self, lines: Iterable[bytes], offset: int, after: int) -> Iterator[R]:
        """The readable records from `offset` on; the others are noted as damaged."""
        for start, piece, _ in self._pieces(lines, offset, after):
            try:
                record = self._reader(piece)
            except ValueError:
                self._damaged.add(start)
            else:
                yield record

    def _pieces(
        self, lines: Iterable[bytes], offset: int, after: int
    ) -> Iterator[tuple[int, bytes, int]]:
        """What looks like records: where the line starts, the record's JSON, its number."""
        skipped = 0
        for line in lines:
            found = [(piece, _number(piece)) for piece in _whole(line.removesuffix(b"\n"))]
            kept = [
                (piece, number)
                for piece, number in found
                # Without a checksum the number itself may be damaged; then it must not hide all
                # later records. A lost newline costs two records with one line.
                if after < number and (number <= after + 1 + 2 * skipped or _SUMMED.match(piece))
            ]
            if not kept:
                self._damaged.add(offset)
                skipped += 1
            for piece, number in kept:
                yield offset, piece, number
                after, skipped = number, 0
            offset += len(line)

    def _indexed(self) -> "_Index":
        """Where each record starts; built once, when first needed, in the calling thread."""
        if self._index is None:
            index, end = _Index(), 0
            while end < self.size:
                end = self._add_to(index, end)
            with self._guard:
                self._add_to(index, end)  # what was appended in the meantime
                self._index = index
        return self._index

    def _add_to(self, index: "_Index", begin: int) -> int:
        end = self.size
        with self.path.open("rb") as file:
            file.seek(begin)
            for start, _, number in self._pieces(_up_to(file, end - begin), begin, index.last):
                index.add(number, start)
        return end

    def _mend(self) -> None:
        """Cut off a torn line and an incomplete group; lines that are only damaged stay."""
        while self.size:
            start, line = self._line_before(self.size)
            if line.endswith(b"\n") and self._is_end(line):
                return
            os.ftruncate(self._fd, start)
            self.size = start

    def _is_end(self, line: bytes) -> bool:
        """Whether a line ends a group; a damaged line is assumed to."""
        try:
            return not _read(line, self._reader).more
        except ValueError:
            return True

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


class _Index:
    """Where the line of each record starts, by number."""

    def __init__(self) -> None:
        self._numbers = array("Q")
        self._starts = array("Q")

    @property
    def last(self) -> int:
        """The last number; 0 when there is none."""
        return self._numbers[-1] if self._numbers else 0

    def add(self, number: int, start: int) -> None:
        """Add a record whose number is higher than all before it."""
        self._numbers.append(number)
        self._starts.append(start)

    def span(self, first: int, last: int, size: int) -> tuple[int, int, int]:
        """Where the lines with the records from `first` to `last` begin and end.

        Returns:
            Both in bytes, and a number just below that of the first record.
        """
        begin = bisect_left(self._numbers, first)
        end = bisect_right(self._numbers, last)
        if begin >= end:
            return 0, 0, 0
        stop = self._starts[end] if end < len(self._starts) else size
        return self._starts[begin], stop, self._numbers[begin] - 1


def _up_to(lines: Iterable[bytes], size: int) -> Iterator[bytes]:
    for line in lines:
        if size <= 0:
            return
        size -= len(line)
        yield line


def _fits(line: bytes) -> bool:
    """Whether a line matches its checksum, or has none."""
    head = _SUMMED.match(line)
    return head is None or int(head[1], 16) == zlib.crc32(line[head.end() :])


def _whole(line: bytes) -> list[bytes]:
    """The records in a line: one, none, or several if a newline was damaged."""
    if _fits(line):
        return [line]
    starts = [head.start() for head in _SUMMED.finditer(line)]
    parts = [line[begin:end] for begin, end in pairwise([*starts, len(line)])]
    return [
        piece
        for part in parts
        for piece in (part, part[:-1])
        if _SUMMED.match(piece) and _fits(piece)
    ]


def _number(piece: bytes) -> int:
    """A record's number; 0 if there is no record."""
    found = _FIRST.match(piece)
    if found is None or (piece[2:5] != b"crc" and not _is_json(piece)):
        return 0
    return int(found[1])


def _is_json(piece: bytes) -> bool:
    try:
        json.loads(piece)
    except (ValueError, RecursionError):
        return False
    return True
