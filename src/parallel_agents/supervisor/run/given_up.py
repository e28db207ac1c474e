"""Ends the process of a session that its driver gave up.

Keep true: such a process does not go on working unseen; the supervisor, and if need be the next
one, keeps trying until the process has ended.
"""

import asyncio
import logging

from parallel_agents.supervisor.base.small_files import is_locked
from parallel_agents.supervisor.base.tasks import Tasks
from parallel_agents.supervisor.run.process import Run

log = logging.getLogger(__name__)

_DEADLINE = 15.0
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0


async def end_now(run: Run, later: Tasks) -> str:
    """End a process now, or keep trying in the background if that fails.

    Args:
        run: the process; nobody else uses it any more.
        later: owns the task that keeps trying.

    Returns:
        Empty if the process has ended; otherwise a sentence that begins with a space.
    """
    try:
        if await run.end(_DEADLINE):
            return ""
        said = " Its process could not be ended yet."
    except Exception:  # whatever went wrong, the session is given up and its process must end
        log.exception("the process in %s could not be ended", run.directory)
        said = " Whether its process has ended is not known."
    later.start("end the process", _end_patiently(run))
    return said


def end_leftover(run: Run, later: Tasks) -> None:
    """End the process of a run that the journal calls ended, if an earlier supervisor could not.

    Args:
        run: the last run of its session.
        later: owns the task that ends it.
    """
    try:
        lives = is_locked(run.directory / "lock")
    except OSError:
        lives = True  # not known yet, so keep trying until it is
    if lives:
        later.start("end the process", _end_patiently(run))


async def _end_patiently(run: Run) -> None:
    pause = _FIRST_PAUSE
    while True:
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
        try:
            if await run.end(_DEADLINE):
                break
        except Exception:  # as above; the obstacle may pass
            log.exception("the process in %s still could not be ended", run.directory)
    await run.detach()
    log.warning("the process in %s has ended; its session had been given up", run.directory)
