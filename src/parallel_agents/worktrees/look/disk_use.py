"""Measure how much disk space a worktree uses, and how much of it git ignores.

Keep true: no links out of the worktree are followed and nothing is written; a count stops at its
deadline, returns what it has found so far, and says that it is incomplete.
"""

import os
import stat
import time
from dataclasses import dataclass

from parallel_agents.core.errors import GitError, WorktreeError
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.look.identity import bound_git
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.plumbing.porcelain import fields

_BLOCK = 512


@dataclass(slots=True)
class DiskUse:
    """What a count found.

    Attributes:
        size: bytes allocated; a file with several names in the worktree counts once.
        ignored: bytes of it that git ignores; `None` when git does not say.
        complete: nothing is missing; otherwise it is at least that much.
    """

    size: int = 0
    ignored: int | None = 0
    complete: bool = True


def disk_use(record: WorktreeRecord, seconds: float) -> DiskUse:
    """Measure the disk space that a worktree uses; blocking: reads every directory.

    Args:
        record: the worktree.
        seconds: time limit.

    Returns:
        The sizes found in that time; unreadable parts count as nothing.
    """
    ends = time.monotonic() + seconds
    found = DiskUse()
    ignored = _ignored(record, seconds)
    if ignored is None:
        found.ignored = None
    seen: set[tuple[int, int]] = set()
    waiting = [("", False)]
    while waiting:
        if time.monotonic() > ends:
            found.complete = False
            break
        place, below = waiting.pop()
        for entry in _entries(os.path.join(record.path, place)):  # noqa: PTH118 - names may be bytes that are no text
            name = f"{place}{entry.name}"
            inside = below or (ignored is not None and name in ignored)
            status = _status(entry)
            if status is None or (status.st_dev, status.st_ino) in seen:
                continue
            if stat.S_ISDIR(status.st_mode):
                waiting.append((f"{name}/", inside))
            elif status.st_nlink > 1:
                seen.add((status.st_dev, status.st_ino))
            _add(found, status.st_blocks * _BLOCK, inside=inside)
    return found


def _add(found: DiskUse, size: int, *, inside: bool) -> None:
    found.size += size
    if inside and found.ignored is not None:
        found.ignored += size


def _entries(directory: str) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(directory) as listed:
            return list(listed)
    except OSError:
        return []


def _status(entry: "os.DirEntry[str]") -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except OSError:
        return None


def _ignored(record: WorktreeRecord, seconds: float) -> set[str] | None:
    """List what git ignores, whole directories by their own name; `None` if git cannot tell."""
    asked = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory")
    try:
        git: Git = bound_git(record.path)
        return {name.rstrip("/") for name in fields(git.read(*asked, seconds=seconds).stdout)}
    except (GitError, WorktreeError):
        return None
