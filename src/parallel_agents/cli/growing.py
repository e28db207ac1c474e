"""Follows a log file that is rotated when it is full.

Keep true: each complete line is returned once and in order, even if the file is renamed between
two reads; a line without its newline is kept until it is complete.
"""

import contextlib
import os
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from parallel_agents.core.errors import of_system


class GrowingFile:
    """Reads the lines of a growing file; a context manager.

    Args:
        path: the file, which need not exist yet; its predecessor has `.1` added to its name.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._begun = b""

    def __enter__(self) -> "GrowingFile":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._close()

    def last(self, count: int) -> list[str]:
        """Return the newest lines, without their newlines.

        Args:
            count: the maximum number of lines; some may come from the rotated file.

        Raises:
            StorageError: a file cannot be read.
        """
        newest: deque[str] = deque(maxlen=count)
        lines = self.more()
        if len(lines) < count:
            newest.extend(self._lines_before())
        newest.extend(lines)
        return list(newest)

    def _lines_before(self) -> list[str]:
        """Read the rotated file, unless it is the file that is open here."""
        try:
            with self._path.with_name(f"{self._path.name}.1").open("rb") as before:
                if self._is(os.fstat(before.fileno())):
                    return []
                return [_text(line) for line in before.read().splitlines()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise of_system(error, f"cannot read {self._path}.1") from error

    def more(self) -> list[str]:
        """Read the lines that were added since the last read.

        Raises:
            StorageError: the file cannot be read.
        """
        try:
            if self._file is None:
                self._open()
            lines = self._read()
            if self._is_put_aside():
                lines += self._read()  # written after the first read, before the rotation
                self._close()
                self._open()
                lines += self._read()
        except OSError as error:
            raise of_system(error, f"cannot read {self._path}") from error
        return lines

    def _open(self) -> None:
        self._begun = b""
        with contextlib.suppress(FileNotFoundError):
            self._file = self._path.open("rb", buffering=0)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _read(self) -> list[str]:
        if self._file is None:
            return []
        *lines, self._begun = (self._begun + self._file.read()).split(b"\n")
        return [_text(line) for line in lines]

    def _is_put_aside(self) -> bool:
        try:
            return self._file is not None and not self._is(self._path.stat())
        except FileNotFoundError:
            return False

    def _is(self, other: os.stat_result) -> bool:
        """Whether the open file is this one, whatever its name is now."""
        return self._file is not None and os.path.samestat(os.fstat(self._file.fileno()), other)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")
