"""The sub-directory of a repository in which the user started a session.

Keep true: the agent starts at the top of its worktree, where its own program puts it; the agent,
the set-up commands and the user are told about the sub-directory.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from parallel_agents.core.value import replace
from parallel_agents.core.worktree import WorktreeRecord


def subdirectory(record: WorktreeRecord | None, directory: str) -> str:
    """Find the sub-directory of its worktree in which a session was started.

    Args:
        record: the worktree's record; None if it cannot be read.
        directory: where in the checkout the session was dispatched.

    Returns:
        The relative path; empty for the top, or if the worktree does not have that directory.
    """
    if record is None or not record.checkout or not record.traits.is_git_worktree:
        return ""
    found = os.path.relpath(os.path.realpath(directory), record.checkout)
    inside = found != "." and not found.startswith("..")
    return found if inside and Path(record.path, found).is_dir() else ""


def noted(record: WorktreeRecord, directory: str, notes: Sequence[str]) -> WorktreeRecord:
    """Add notes to the record of a new worktree, with one about the sub-directory if there is one.

    Args:
        record: the worktree's record.
        directory: where in the checkout the session was dispatched.
        notes: the notes to add.
    """
    found = subdirectory(record, directory)
    said = f"The agent starts at the top of its worktree, and is told about {found}."
    return replace(record, notes=(*record.notes, *notes, *([said] if found else [])))
