"""The one gate through which a worktree is deleted.

Keep true: only what the record says, with its identity; never the main worktree, never with a
process at work in it, never with another's lock.
"""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from parallel_agents.core.errors import RefusedError
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees import naming
from parallel_agents.worktrees.files import exists, read_regular
from parallel_agents.worktrees.identity import admin_dir, lock_reason, verify

_GIT_SECONDS = 5.0
_POLL_SECONDS = 0.05


def refuse(record: WorktreeRecord, live_pids: Callable[[], Sequence[int]]) -> None:
    """Be the gate: say no unless all conditions of a deletion hold.

    Args:
        record: what is to be deleted.
        live_pids: tells the session's processes that still live.

    Raises:
        RefusedError: the reason.
    """
    naming.check(record.session, record.slug)
    if Path(record.path) != naming.worktrees_dir(record.root) / record.slug:
        raise RefusedError(f"{record.path} is not a worktree of ours; it stays")
    admin = admin_dir(record)
    if exists(Path(record.path)) and (reason := verify(record)) is not None:
        raise RefusedError(f"{reason}; it stays", "Look at it, and remove it by hand if you wish.")
    if admin.is_dir():
        _refuse_foreign_admin(record, admin)
    _refuse_processes(record, live_pids)


def _refuse_foreign_admin(record: WorktreeRecord, admin: Path) -> None:
    recorded = os.fsdecode(read_regular(admin / "gitdir", 16384) or b"").removesuffix("\n")
    if os.path.realpath(admin / recorded) != os.path.join(record.path, ".git"):  # noqa: PTH118
        raise RefusedError(
            f"git knows {record.path} under another path now; it stays", "See: git worktree list"
        )
    locked = read_regular(admin / "locked", 16384)
    reason = "" if locked is None else os.fsdecode(locked).strip()
    if locked is not None and reason != lock_reason(record.session):
        raise RefusedError(
            f"{record.path} is locked by another: {reason or 'no reason given'}",
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
    # A git is mostly one of ours, reading; or one that a killed supervisor has left.
    while users and all(user.startswith("git") for user in users) and time.monotonic() < ends:
        time.sleep(_POLL_SECONDS)
        users = processes_in(record.path)
    if users:
        raise RefusedError(
            f"still working in {record.path}: {', '.join(users[:5])}",
            "End these processes, or leave the directory in that shell.",
        )


def processes_in(path: str) -> list[str]:
    """Find the processes whose current directory is in a worktree.

    Args:
        path: top of the worktree.

    Returns:
        Name and pid of each that we may look at.
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
