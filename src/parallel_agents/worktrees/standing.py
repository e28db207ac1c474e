"""Where HEAD of a worktree is, and what git is in the middle of; read without starting git.

Keep true: cheap enough to ask every second; a branch is named only while it is checked out.
"""

import re
from pathlib import Path

from parallel_agents.core.worktree import Standing
from parallel_agents.worktrees.files import exists, read_regular

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
"""What each of git's own notes means (gitrepository-layout(5), and wt-status.c of git)."""


def read(admin: Path) -> Standing | None:
    """Read where HEAD is.

    Args:
        admin: the worktree's administrative directory.

    Returns:
        That; `None` when git keeps it in another form (reftable), or nothing is there.
    """
    head = (read_regular(admin / "HEAD", _LIMIT) or b"").decode("utf-8", "surrogateescape").strip()
    found = unfinished(admin)
    if head.startswith(_HEADS) and head != f"{_HEADS}.invalid":
        return Standing(branch=head.removeprefix(_HEADS), unfinished=found)
    if _HASH.fullmatch(head):
        return Standing(commit=head, unfinished=found)
    return None


def unfinished(admin: Path) -> str:
    """Name the operation that git is in the middle of.

    Args:
        admin: the worktree's administrative directory.

    Returns:
        `rebase`, `merge` and so on; empty when it is in none.
    """
    return next((what for name, what in _OPERATIONS if exists(admin / name)), "")
