"""Ends the process of a session that its driver gave up.

Keep true: such a process does not work on unseen; ending it is tried again until it has ended, by
the next supervisor, too.
"""

import asyncio
import logging

from parallel_agents.supervisor.files import is_locked
from parallel_agents.supervisor.process import Run
from parallel_agents.supervisor.tasks import Tasks

log = logging.getLogger(__name__)

_DEADLINE = 15.0
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0


async def end_now(run: Run, later: Tasks) -> str:
    """End a process at once; if that cannot be done now, as soon as it can be.

    Args:
        run: the process; nobody else uses it any more.
        later: where ending it goes on.

    Returns:
        A sentence, after a space, for a process that may still live; empty when it is gone.
    """
    try:
        if await run.end(_DEADLINE):
            return ""
        said = " Its process could not be ended yet."
    except Exception:  # whatever it was: the session is given up, and somebody has to end it
        log.exception("the process in %s could not be ended", run.directory)
        said = " Whether its process has ended is not known."
    later.start("end the process", _end_patiently(run))
    return said


def end_leftover(run: Run, later: Tasks) -> None:
    """End the process of a run that is over for the journal, if an earlier supervisor could not.

    Args:
        run: the last one of its session.
        later: where it is done.
    """
    try:
        lives = is_locked(run.directory / "lock")
    except OSError:
        lives = True  # it cannot be told now, and is looked at again until it can
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
        except Exception:  # as above; what hinders it may pass
            log.exception("the process in %s still could not be ended", run.directory)
    await run.detach()
    log.warning("the process in %s has ended; its session had been given up", run.directory)
