"""Our lines in the repository's common `info/exclude`.

Keep true: only lines are added, each once, and the file is never read through a symbolic link
(git reads no other exclude file for a linked worktree: gitrepository-layout(5), `info/exclude`).
"""

import errno
import os
import re
from collections.abc import Iterable
from pathlib import Path

from parallel_agents.core.errors import RefusedError
from parallel_agents.worktrees.files import read_regular

WORKTREES_LINE = "/.claude/worktrees/"
_LIMIT = 64 * 1024 * 1024


def pattern_for(path: str) -> str | None:
    """Write a path as an anchored ignore pattern that matches it alone.

    Args:
        path: relative to the top of a worktree.

    Returns:
        The pattern; `None` for a name that the format cannot hold.
    """
    if "\n" in path or "\r" in path:
        return None
    escaped = re.sub(r"([\\*?\[])", r"\\\1", path)
    stripped = escaped.rstrip(" ")
    return "/" + stripped + "\\ " * (len(escaped) - len(stripped))


def add_lines(common_dir: str, lines: Iterable[str]) -> tuple[str, ...]:
    """Add lines that are not there yet; the caller holds the repository's lock.

    Args:
        common_dir: the repository's common directory.
        lines: ignore patterns.

    Returns:
        Those that were added.

    Raises:
        RefusedError: the file is a symbolic link.
        OSError: it cannot be written.
    """
    path = Path(common_dir) / "info" / "exclude"
    present = read_regular(path, _LIMIT) or b""
    known = set(present.split(b"\n"))
    new = [line for line in dict.fromkeys(lines) if os.fsencode(line) not in known]
    if not new:
        return ()
    path.parent.mkdir(exist_ok=True)
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise RefusedError(
                f"{path} is a symbolic link", "Replace it by a file: it must ignore worktrees."
            ) from error
        raise
    try:
        start = b"" if not present or present.endswith(b"\n") else b"\n"
        os.write(descriptor, start + b"".join(os.fsencode(line) + b"\n" for line in new))
    finally:
        os.close(descriptor)
    return tuple(new)
