"""A program on a pseudo-terminal of the test's own: what it is sent, what it sets and leaves set.

Keep true: the program is ended by its own process id, whatever happens.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

DEADLINE = 20.0
_MODE = re.compile(rb"\x1b\[\?([0-9;]+)([hl])|\x1b\[([<>])[0-9]*u")


class RawTerminal:
    """One program in one terminal; a context manager.

    Args:
        words: the program's argument list.
        env: its environment.
        size: columns and rows.
    """

    def __init__(
        self, words: Sequence[str], env: Mapping[str, str], size: tuple[int, int] = (120, 40)
    ) -> None:
        self._fd, self._inner = pty.openpty()
        self.before: list[Any] = termios.tcgetattr(self._inner)
        self.printed = b""
        self.resize(*size)
        usual = {name: value for name, value in env.items() if name not in {"COLUMNS", "LINES"}}
        self.process = subprocess.Popen(
            words,
            env={**usual, "TERM": "xterm-256color"},
            stdin=self._inner,
            stdout=self._inner,
            stderr=self._inner,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        self.hang_up()
        os.close(self._inner)

    def hang_up(self) -> None:
        """Close the terminal's own end."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def send(self, data: bytes, deadline: float = DEADLINE) -> None:
        """Send bytes as one write of a terminal."""
        while data:
            readable, writable, _ = select.select([self._fd], [self._fd], [], deadline)
            if readable:
                self.look(0)
            if writable:
                data = data[os.write(self._fd, data) :]
            assert readable or writable, f"nobody reads {data!r}"

    def resize(self, columns: int, rows: int) -> None:
        """Set the size; the program is told by its group's signal."""
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def look(self, seconds: float = 0.02) -> None:
        """Read what is printed for a while."""
        end = time.monotonic() + seconds
        while self._fd >= 0 and (left := end - time.monotonic()) > 0:
            if not select.select([self._fd], [], [], left)[0]:
                return
            try:
                self.printed += os.read(self._fd, 65536)
            except OSError:
                return

    def until(self, holds: Callable[[], object], what: str = "") -> None:
        """Wait until something holds, and read what is printed meanwhile."""
        end = time.monotonic() + DEADLINE
        while not holds():
            assert time.monotonic() < end, f"never: {what}\n{self.printed[-3000:]!r}"
            self.look()

    def shows(self, holds: Callable[[], object], what: str = "") -> None:
        """Wait until something holds, while the program runs."""
        self.until(lambda: holds() or self.process.poll() is not None, what)
        assert self.process.poll() is None, self.printed[-3000:]

    def ended(self) -> int:
        """Wait until the program has ended; its exit status."""
        self.until(lambda: self.process.poll() is not None, "ended")
        self.look(0.2)
        return int(self.process.returncode)

    def signal(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        os.kill(self.process.pid, number)

    @property
    def attributes(self) -> list[Any]:
        """The terminal's attributes now."""
        return termios.tcgetattr(self._inner)

    @property
    def modes(self) -> set[str]:
        """Which modes are not as in a fresh terminal."""
        found: set[str] = set()
        keys = 0
        for match in _MODE.finditer(self.printed):
            if match[3]:
                keys += 1 if match[3] == b">" else -1
                continue
            for number in match[1].decode().split(";"):
                usual = "h" if number in {"7", "25"} else "l"
                (found.discard if match[2].decode() == usual else found.add)(number)
        return found | ({"kitty keys"} if keys > 0 else set())
