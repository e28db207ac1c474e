"""The sub-directory of a repository in which a person started a session.

Keep true: the agent begins at the top of its worktree, where its own program puts it; what the
person meant is told to it, to its commands, and to the person.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from parallel_agents.core.codec import to_plain
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import WorktreeRecord


def subdirectory(record: Mapping[str, Any], directory: str) -> str:
    """Find where in its worktree a session was started.

    Args:
        record: the worktree's record, as journalled.
        directory: where in the checkout it was dispatched.

    Returns:
        Relative path; empty for the top, or for a directory that the worktree does not have.
    """
    checkout = str(record.get("checkout") or "")
    if record.get("kind", "worktree") != "worktree" or not checkout:
        return ""
    found = os.path.relpath(os.path.realpath(directory), checkout)
    inside = found != "." and not found.startswith("..")
    return found if inside and Path(str(record["path"]), found).is_dir() else ""


def noted(record: WorktreeRecord, directory: str, notes: Sequence[str]) -> WorktreeRecord:
    """Complete the notes of a new worktree.

    Args:
        record: the worktree.
        directory: where in the checkout it was dispatched.
        notes: more of them.

    Returns:
        The record with all notes.
    """
    found = subdirectory(to_plain(record), directory)
    said = f"The agent starts at the top of its worktree, and is told about {found}."
    return replace(record, notes=(*record.notes, *notes, *([said] if found else [])))
