"""Where a worktree's HEAD is, and which operation git is in; read without starting git.

Keep true: it is cheap enough for every second; a branch is named only while it is checked out.
"""

import re
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
