"""Decide whether a build directory may be discarded: its name alone does not tell what it contains.

Keep true: the check reads only names and owners, follows no links and runs nothing. A directory is
kept if it contains a repository, belongs to another user, has something mounted in it, cannot be
read, or is too large to search.
"""

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from parallel_agents.worktrees.filesystem.mounts import mounts_below

NAMES = frozenset({"node_modules", "target", ".venv", "dist"})
MOST_ENTRIES = 1_000_000
MOST_SECONDS = 20.0
_REPOSITORIES = frozenset({".git", ".hg", ".jj"})
_BARE = frozenset({"HEAD", "objects", "refs"})

REPOSITORY = "it holds a repository"


def why_kept(path: Path) -> str:
    """Give the reason to keep a build directory.

    Args:
        path: the directory.

    Returns:
        The reason, which completes "kept since"; empty when it may be discarded.
    """
    if mounts_below(path):
        return "something is mounted in it"
    ends = time.monotonic() + MOST_SECONDS
    left = MOST_ENTRIES
    try:
        for folder, names in _folders(path):
            left -= len(names)
            if not _REPOSITORIES.isdisjoint(names) or names >= _BARE:
                return REPOSITORY
            if left < 0 or time.monotonic() > ends:
                return "it is too large to search"
            if not _removable(folder):
                return "it holds another user's files"
    except OSError as error:
        return f"it cannot be searched: {error.strerror}"
    return ""


def _folders(top: Path) -> Iterator[tuple[str, set[str]]]:
    """Walk through all directories, with the names in each, in lower case where that matters."""
    pending = [os.fspath(top)]
    while pending:
        folder = pending.pop()
        names = set()
        with os.scandir(folder) as entries:
            for entry in entries:
                lower = entry.name.casefold()
                names.add(lower if lower in _REPOSITORIES else entry.name)
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
        yield folder, names


def _removable(folder: str) -> bool:
    """Whether we may remove what a directory holds: it is ours, or open to all as `/tmp` is not."""
    found = os.lstat(folder)
    if found.st_uid == os.geteuid():
        return True
    return os.access(folder, os.W_OK | os.X_OK) and not found.st_mode & stat.S_ISVTX
