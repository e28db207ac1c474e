"""A fault of ours ends the screen: the user gets plain words, the log gets the details.

Keep true: no part of a traceback is printed, because it may hold secrets from the environment; the
log holds no values; a log that cannot be written does not hide the fault itself.
"""

import os
import traceback
from pathlib import Path

from parallel_agents.wire.endpoint import private, state_dir


def noted(error: BaseException) -> str:
    """Log an unexpected fault of the screen.

    Args:
        error: the exception that nothing handled.

    Returns:
        What to tell the user, with the next step.
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
    """Append the traceback of a fault, without values, to the screen's log.

    Args:
        error: the exception that nothing handled.

    Returns:
        The log.

    Raises:
        OSError, UserError: the log could not be written.
    """
    path = private(state_dir()) / "screen.log"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as log:
        log.write("".join(traceback.format_exception(error)) + "\n")
    return path
