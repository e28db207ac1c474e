"""Where a worktree's HEAD is, and which operation git is in; read without starting git.

Keep true: it is cheap enough for every second and every session; a branch is named only while it is
checked out; a change is seen at the next look, however soon it comes after the last one.
"""

import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.core.worktree import Standing
from parallel_agents.worktrees.filesystem.files import exists, read_regular

_HEADS = "ref: refs/heads/"
_HASH = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_LIMIT = 4096
_OPERATIONS = (
    ("rebase-merge", "rebase"),
    ("rebase-apply/applying", "am"),
    ("rebase-apply", "rebase"),
    ("MERGE_HEAD", "merge"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("REVERT_HEAD", "revert"),
    ("sequencer", "cherry-pick or revert"),
    ("BISECT_LOG", "bisect"),
)
"""The meaning of git's own marker files (gitrepository-layout(5), and git's wt-status.c)."""

_COARSE = 2_500_000_000
"""Nanoseconds: files changed twice within this time may have the same time of change (FAT: 2 s)."""

_Stamp = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class _Look:
    """What a look found, and how to tell that a second one would find the same.

    Attributes:
        git_file: content of the worktree's `.git` file.
        admin: the administrative directory that it names.
        stamp: of that directory and its HEAD.
        standing: what was read.
    """

    git_file: str
    admin: str
    stamp: _Stamp
    standing: Standing


class Standings:
    """Remembers what each worktree had checked out, and reads again only what may have changed."""

    def __init__(self) -> None:
        self._looks: dict[str, _Look] = {}

    def of(self, path: str, git_file: str, admin_dir: Callable[[], Path]) -> Standing | None:
        """Read where a worktree's HEAD is.

        Args:
            path: the worktree.
            git_file: content of its `.git` file.
            admin_dir: finds its administrative directory.

        Raises:
            WorktreeError, OSError: whatever `admin_dir` raises; HEAD cannot be read.
        """
        look = self._looks.get(path)
        if look is not None and look.git_file == git_file and _stamp(look.admin) == look.stamp:
            return look.standing
        self._looks.pop(path, None)
        admin = admin_dir()
        before = _stamp(str(admin))
        found = read(admin)
        if before is not None and found is not None and _settled(found, before):
            self._looks[path] = _Look(git_file, str(admin), before, found)
        return found


def _stamp(admin: str) -> _Stamp | None:
    """What changes when git moves HEAD or begins an operation.

    Git replaces HEAD by renaming a file, and makes the markers of an operation in this directory:
    either changes the directory's time.
    """
    try:
        head, directory = os.lstat(f"{admin}/HEAD"), os.stat(admin)  # noqa: PTH116 - much quicker
    except OSError:
        return None
    return head.st_mtime_ns, head.st_ino, head.st_size, directory.st_mtime_ns


def _settled(found: Standing, stamp: _Stamp) -> bool:
    """Whether every later change would show in the stamp.

    Within an operation git also changes files further down (`rebase-apply/applying`). A time in the
    future is that of another machine's clock, and says nothing about when the change was made.
    """
    return not found.unfinished and time.time_ns() - max(stamp[0], stamp[3]) > _COARSE


def read(admin: Path) -> Standing | None:
    """Read where HEAD is.

    Args:
        admin: the worktree's administrative directory.

    Returns:
        Where it is; `None` if git stores it in another format (reftable), or there is nothing.
    """
    head = (read_regular(admin / "HEAD", _LIMIT) or b"").decode("utf-8", "surrogateescape").strip()
    found = unfinished(admin)
    if head.startswith(_HEADS) and head != f"{_HEADS}.invalid":
        return Standing(branch=head.removeprefix(_HEADS), unfinished=found)
    if _HASH.fullmatch(head):
        return Standing(commit=head, unfinished=found)
    return None


def unfinished(admin: Path) -> str:
    """Name the operation that git is in the middle of, such as `rebase`; empty if there is none."""
    return next((what for name, what in _OPERATIONS if exists(admin / name)), "")
