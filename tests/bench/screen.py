"""A program in a terminal of its own, timed by the bytes it paints."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

DEADLINE = 30.0
MINIMAL = """
from textual.app import App
from textual.widgets import Static
class Minimal(App):
    def compose(self):
        yield Static("painted")
Minimal().run()
"""


class Terminal:
    """A program on a pseudo-terminal; a context manager.

    Args:
        words: its argument list.
        cwd: where it runs.
        env: its environment.
        size: columns and rows.
    """

    def __init__(
        self,
        words: Sequence[str],
        cwd: Path,
        env: Mapping[str, str],
        size: tuple[int, int] = (120, 40),
    ) -> None:
        self._seen = b""
        self._fd, inner = pty.openpty()
        fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self._process = subprocess.Popen(
            words,
            cwd=cwd,
            env={**env, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
        )
        os.close(inner)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._fd)

    @property
    def pid(self) -> int:
        """The program's process id."""
        return self._process.pid

    def press(self, keys: bytes) -> None:
        """Type, and forget what was painted before."""
        self._seen = b""
        os.write(self._fd, keys)

    def until(self, pattern: bytes) -> bytes:
        """Read until something is painted; returns what matched.

        Raises:
            AssertionError: it was not painted in time.
        """
        ends = time.monotonic() + DEADLINE
        while not (found := re.search(pattern, self._seen)):
            left = ends - time.monotonic()
            assert left > 0, f"{pattern!r} was not painted: {self._seen[-2000:]!r}"
            if select.select([self._fd], [], [], left)[0]:
                self._seen += os.read(self._fd, 1 << 16)
        return found[0]

    def read_some(self, seconds: float) -> bytes:
        """What is painted next, in one piece; nothing when it takes longer."""
        if not select.select([self._fd], [], [], seconds)[0]:
            return b""
        return os.read(self._fd, 1 << 16)

    def read_for(self, seconds: float) -> bytes:
        """What is painted within a time."""
        ends, data = time.monotonic() + seconds, b""
        while (left := ends - time.monotonic()) > 0:
            data += self.read_some(left)
        return data

    def watch(self, seconds: float) -> int:
        """Read for a time; returns how many bytes were painted."""
        ends, before = time.monotonic() + seconds, len(self._seen)
        while (left := ends - time.monotonic()) > 0:
            if select.select([self._fd], [], [], left)[0]:
                self._seen += os.read(self._fd, 1 << 16)
        return len(self._seen) - before


def first_paint(words: Sequence[str], cwd: Path, env: Mapping[str, str], pattern: bytes) -> float:
    """Milliseconds from the start of a program until it has painted something."""
    began = time.perf_counter()
    with Terminal(words, cwd, env) as terminal:
        terminal.until(pattern)
        return (time.perf_counter() - began) * 1000
