"""The sub-directory of a repository in which a person started a session.

Keep true: the agent begins at the top of its worktree, where its own program puts it; what the
person meant is told to it, to its commands, and to the person.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from parallel_agents.core.value import replace
from parallel_agents.core.worktree import WorktreeRecord


def subdirectory(record: WorktreeRecord | None, directory: str) -> str:
    """Find where in its worktree a session was started.

    Args:
        record: the worktree's record; None when it cannot be read.
        directory: where in the checkout it was dispatched.

    Returns:
        Relative path; empty for the top, or for a directory that the worktree does not have.
    """
    if record is None or not record.checkout or not record.traits.is_git_worktree:
        return ""
    found = os.path.relpath(os.path.realpath(directory), record.checkout)
    inside = found != "." and not found.startswith("..")
    return found if inside and Path(record.path, found).is_dir() else ""


def noted(record: WorktreeRecord, directory: str, notes: Sequence[str]) -> WorktreeRecord:
    """Complete the notes of a new worktree.

    Args:
        record: the worktree.
        directory: where in the checkout it was dispatched.
        notes: more of them.

    Returns:
        The record with all notes.
    """
    found = subdirectory(record, directory)
    said = f"The agent starts at the top of its worktree, and is told about {found}."
    return replace(record, notes=(*record.notes, *notes, *([said] if found else [])))
