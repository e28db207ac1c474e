"""The single gate that every deletion of a worktree has to pass.

Keep true: only the recorded worktree, with its recorded identity, is deleted; never the main
worktree, never while a process works in it, never while somebody else's lock is on it. A worktree
that we must not touch stays as it is, but does not keep its session from being deleted.
"""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from parallel_agents.core.errors import RefusedError, WorktreeError
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.filesystem.files import read_regular
from parallel_agents.worktrees.look.identity import (
    admin_dir,
    common_dir,
    identify,
    lock_reason,
    points_to,
    verify,
)
from parallel_agents.worktrees.plumbing import naming

_GIT_SECONDS = 5.0
_POLL_SECONDS = 0.05


def check(record: WorktreeRecord) -> None:
    """Refuse a record whose path is not one where we create worktrees.

    Raises:
        UsageError: the session's id or the slug has the wrong form.
        RefusedError: the path is not one of ours.
    """
    naming.check(record.session, record.slug)
    if Path(record.path) != naming.worktrees_dir(record.root) / record.slug:
        raise RefusedError(f"{record.path} is not one of our worktrees; it was left alone")


def refuse(record: WorktreeRecord, live_pids: Callable[[], Sequence[int]]) -> None:
    """Refuse a deletion while somebody else uses or locks the worktree.

    Args:
        record: the worktree to delete.
        live_pids: returns the ids of the session's processes that are still alive.

    Raises:
        RefusedError: the worktree is locked or in use; the message gives the reason.
    """
    _refuse_foreign_lock(record)
    _refuse_processes(record, live_pids)


def stranded(record: WorktreeRecord) -> tuple[str, ...]:
    """Say why we must not touch a worktree, although its session may be deleted.

    Args:
        record: the worktree; a missing one does not count.

    Returns:
        What is left unchanged, and why, one phrase each; empty if the deletion may continue.
    """
    if not Path(common_dir(record)).is_dir():
        return (
            f"the conversation only, since the repository {record.root} is not there: if it was "
            "moved, take the session along before or after: parallel-agents adopt "
            f"NEW-PLACE/{os.path.relpath(record.path, record.root)}",
        )
    if os.path.lexists(record.path):
        reason = verify(record)
        where = f"all of {record.path}, left where it is: {reason}"
    else:
        reason = elsewhere = _elsewhere(record)
        where = f"all of the worktree, left where it is now: {elsewhere}"
    return () if not reason else (where, f"branch {record.branch}, which stays")


def _elsewhere(record: WorktreeRecord) -> str:
    """Find where the worktree is now, if it was moved; empty if it was not."""
    admin = admin_dir(record)
    named = os.fsdecode(read_regular(admin / "gitdir", 16384) or b"").removesuffix("\n")
    if named and not points_to(admin, record.path):
        return str(Path(os.path.realpath(admin / named)).parent)
    return moved_beside(record)


def moved_beside(record: WorktreeRecord) -> str:
    """Find a worktree that somebody renamed without telling git.

    Args:
        record: a worktree that is not at its recorded path.

    Returns:
        Its path, beside the repository's other worktrees; empty if it is not there.
    """
    home = naming.worktrees_dir(record.root)
    for path in sorted(home.iterdir()) if home.is_dir() else []:
        with suppress(WorktreeError):
            if path.is_dir() and identify(str(path))[2] == record.git_file:
                return str(path)
    return ""


def _refuse_foreign_lock(record: WorktreeRecord) -> None:
    locked = read_regular(admin_dir(record) / "locked", 16384)
    reason = "" if locked is None else os.fsdecode(locked).strip()
    if locked is not None and reason != lock_reason(record.session):
        raise RefusedError(
            f"{record.path} is locked: {reason or 'no reason given'}",
            f"If that is over: git -C {record.root} worktree unlock {record.path}",
        )


def _refuse_processes(record: WorktreeRecord, live_pids: Callable[[], Sequence[int]]) -> None:
    alive = list(live_pids())
    if alive:
        raise RefusedError(
            f"{len(alive)} processes of the session are still alive", "Stop the session first."
        )
    ends = time.monotonic() + _GIT_SECONDS
    users = processes_in(record.path)
    # A git here is usually one of ours that reads, or one left by a killed supervisor.
    while users and all(user.startswith("git") for user in users) and time.monotonic() < ends:
        time.sleep(_POLL_SECONDS)
        users = processes_in(record.path)
    if users:
        raise RefusedError(
            f"these processes still run in {record.path}: {', '.join(users[:5])}",
            "End these processes, or leave the directory in that shell.",
        )


def processes_in(path: str) -> list[str]:
    """Find the processes whose current directory is in a worktree.

    Args:
        path: the top of the worktree.

    Returns:
        The name and pid of each process that we have the rights to inspect.
    """
    found = []
    for process in psutil.process_iter():
        try:
            cwd = process.cwd()
            if cwd == path or cwd.startswith(path + "/"):
                found.append(f"{process.name()} ({process.pid})")
        except (psutil.Error, OSError):
            continue
    return found
