"""Reads and writes text files of the working directory, and counts what was changed.

Keep true: nothing outside the working directory is read or written, whatever a path says and
wherever a symbolic link leads; a file keeps every byte that no edit replaced.
"""

import contextlib
import difflib
import os
from pathlib import Path


class OutsideError(PermissionError):
    """A path leads out of the working directory, or into git's own files."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is outside the worktree")


def inside(path: Path) -> Path:
    """Resolve a path, relative to the working directory.

    Args:
        path: absolute, or relative to the working directory.

    Returns:
        The path without links and dots, relative to the working directory.

    Raises:
        OutsideError: it leads somewhere else.
    """
    root = Path.cwd().resolve()
    target = (root / path).resolve()
    if target == root or not target.is_relative_to(root) or ".git" in target.parts:
        raise OutsideError(path)
    return target.relative_to(root)


def read(path: Path) -> str:
    """Read a text file; bytes that are no UTF-8 become lone surrogates.

    Raises:
        OutsideError: the path leads out of the working directory.
        OSError: the file cannot be read.
    """
    return inside(path).read_bytes().decode("utf-8", "surrogateescape")


def write(path: Path, text: str) -> None:
    """Create or replace a text file, with the directories above it.

    No link that appears meanwhile is followed.

    Raises:
        OutsideError: the path leads out of the working directory.
        OSError: the file cannot be written.
    """
    target = inside(path)
    folder = _folder(target.parts[:-1])
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        file = os.open(target.name, flags, 0o666, dir_fd=folder)
    finally:
        os.close(folder)
    with open(file, "wb") as stream:  # noqa: PTH123 - a descriptor, not a path
        stream.write(text.encode("utf-8", "surrogateescape"))


def _folder(parts: tuple[str, ...]) -> int:
    """Open a directory below the working directory, one step after the other."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    folder = os.open(".", flags)
    for part in parts:
        above = folder
        try:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, dir_fd=above)
            folder = os.open(part, flags, dir_fd=above)
        finally:
            os.close(above)
    return folder


class Changes:
    """Counts the lines that a turn added and removed, as `git diff --numstat` does."""

    def __init__(self) -> None:
        self._before: dict[Path, str] = {}

    def note(self, path: Path, before: str | None) -> None:
        """Note a file's text before its first change; None for a new file."""
        self._before.setdefault(inside(path), before or "")

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return the lines added and removed in each file that differs now."""
        found = {}
        for path, before in sorted(self._before.items()):
            lines = list(difflib.ndiff(before.splitlines(), read(path).splitlines()))
            added = sum(line.startswith("+ ") for line in lines)
            removed = sum(line.startswith("- ") for line in lines)
            if added or removed:
                found[str(path)] = added, removed
        return found

    def summary(self) -> str:
        """Return a sentence such as `2 files changed, +5 −1.`."""
        counts = self.counts()
        if not counts:
            return "No file changed."
        added = sum(plus for plus, _ in counts.values())
        removed = sum(minus for _, minus in counts.values())
        files = "1 file" if len(counts) == 1 else f"{len(counts)} files"
        return f"{files} changed, +{added} −{removed}."
