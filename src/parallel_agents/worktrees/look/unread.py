"""Find the files that git must not read: it would stop at them, or read for a very long time.

Keep true: nothing is read here, no link is followed; a file that no longer exists is not listed.
"""

import errno
import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FILE_LIMIT = 10 * 1000 * 1000
TOTAL_LIMIT = 100 * 1000 * 1000
COUNT_LIMIT = 50_000
_CLOSED = re.compile(r"^warning: could not open directory '(.*)/': ", re.MULTILINE)
_GONE = (errno.ENOENT, errno.ENOTDIR)
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(slots=True)
class Bounds:
    """How much may still be read; whatever is read is subtracted.

    Args:
        file: the most bytes of one file.
        total: the most bytes of all files.
        count: the most files.
    """

    file: int = FILE_LIMIT
    total: int = TOTAL_LIMIT
    count: int = COUNT_LIMIT

    def refuse(self, size: int) -> str:
        """Account for a file of this size in bytes; return why it is not read, or empty text."""
        if size > self.file or size > self.total or self.count <= 0:
            return f"not read: {human(size)}"
        self.total -= size
        self.count -= 1
        return ""


def unread(top: Path, names: Iterable[str], bounds: Bounds | None = None) -> dict[str, str]:
    """Select the files that git must not read.

    Args:
        top: the worktree.
        names: paths in it.
        bounds: how much may be read; `None` for no limit.

    Returns:
        The reason for each, by path.
    """
    found = {}
    for name in names:
        if why := _why_unread(f"{top}/{name}", bounds):
            found[name] = why
    return found


def _why_unread(path: str, bounds: Bounds | None) -> str:
    try:
        seen = os.lstat(path)
        if stat.S_ISLNK(seen.st_mode) or stat.S_ISDIR(seen.st_mode):
            return ""
        if not stat.S_ISREG(seen.st_mode):
            return "no plain file"
        os.close(os.open(path, _FLAGS))
    except OSError as error:
        return "" if error.errno in _GONE else f"cannot be read: {error.strerror}"
    return bounds.refuse(seen.st_size) if bounds is not None else ""


def closed_directories(stderr: bytes) -> tuple[str, ...]:
    """Find the directories that git could not open.

    Args:
        stderr: git's error output while it listed files (dir.c, `open_cached_dir`).

    Returns:
        Their names, as git writes them.
    """
    found = _CLOSED.findall(stderr.decode("utf-8", "replace"))
    return tuple(sorted(set(found)))


def human(size: int) -> str:
    """Format a number of bytes for people, for example `2.1 GB`."""
    value, unit = float(size), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
