"""A fault of ours ends the screen: the person gets plain words, the log gets the rest.

Keep true: nothing of a traceback is printed, as it may hold secrets of the environment; what is
logged holds no values; a log that cannot be written hides nothing else.
"""

import os
import traceback
from pathlib import Path

from parallel_agents.wire.endpoint import private, state_dir


def noted(error: BaseException) -> str:
    """Write a fault into the screen's log.

    Args:
        error: what was raised, and nobody foresaw.

    Returns:
        What to tell the person, with the next step.
    """
    said = (
        f"The screen ended because of a fault of its own ({type(error).__name__}). "
        "Sessions keep working."
    )
    try:
        path = logged(error)
    except Exception as failed:  # noqa: BLE001 - no second fault while the first one is told
        return f"{said}\nIts log could not be written: {type(failed).__name__}."
    return f"{said}\nOpen it again: parallel-agents. What happened is in {path}."


def logged(error: BaseException) -> Path:
    """Write the traceback of a fault, without values, into the screen's log.

    Args:
        error: what was raised, and nobody foresaw.

    Returns:
        The log.

    Raises:
        OSError, UserError: it could not be written.
    """
    path = private(state_dir()) / "screen.log"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as log:
        log.write("".join(traceback.format_exception(error)) + "\n")
    return path
