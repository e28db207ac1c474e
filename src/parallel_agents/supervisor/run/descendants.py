"""Finds and ends the processes that carry a session's mark.

Keep true: only processes with the mark that the session's processes are given are ended; they first
get time to end by themselves, because an agent saves its conversation when its input ends.
"""

import asyncio
import os
import time

import psutil

from parallel_agents.core.events import RunEnded
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.supervisor.base.threads import Threads
from parallel_agents.wire.peer import MARKER

_LOOK_AGAIN = 0.1
_KILL_SECONDS = 5.0


def marked(session: str) -> list[psutil.Process]:
    """The living processes that carry a session's mark.

    Args:
        session: id of the session.
    """
    return [
        process
        for process in psutil.process_iter(["environ", "status"])
        if (process.info["environ"] or {}).get(MARKER) == session
        and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


async def end_marked(threads: Threads, session: str, patience: float) -> tuple[int, list[int]]:
    """End the processes that a dead shim left behind; nobody else would.

    Args:
        threads: where the blocking queries run.
        session: id of the session.
        patience: seconds in which the processes may end by themselves.

    Returns:
        How many were killed, and the ids of those that did not end.
    """
    ends = time.monotonic() + patience
    killed: set[int] = set()
    while left := await threads.quick(marked, session):
        late = time.monotonic() - ends
        if late > _KILL_SECONDS:
            break
        if late >= 0:
            killed |= {process.pid for process in left if _kill(process)}
        await asyncio.sleep(_LOOK_AGAIN)
    return len(killed), [process.pid for process in left]


async def swept(threads: Threads, session: str, patience: float, event: RunEnded) -> RunEnded:
    """End the processes that a dead shim left behind, and complete the event of the run's end.

    Args:
        threads: where the blocking queries run.
        session: id of the session.
        patience: seconds in which the processes may end by themselves.
        event: the event so far.
    """
    killed, left = await end_marked(threads, session, patience)
    error = f"These processes of its agent could not be ended: {left}" if left else ""
    return replace(event, swept=killed, error=error)


def _kill(process: psutil.Process) -> bool:
    try:
        process.kill()
    except psutil.Error:
        return False
    return True


def stands_in(pid: int | None, record: WorktreeRecord | None) -> bool:
    """Whether a process works in the recorded directory; true if the process has ended.

    Args:
        pid: the process; None if it is not known.
        record: the worktree's record; None if it cannot be read.
    """
    if pid is None or record is None:
        return False
    try:
        info = os.stat(f"/proc/{pid}/cwd")  # noqa: PTH116 - a link of /proc, not a path of ours
    except OSError:
        return not os.path.exists(f"/proc/{pid}")  # noqa: PTH110 - as above
    return (info.st_dev, info.st_ino) == (record.device, record.inode)
