"""The one place where the command line loads the screen, and only when it is asked for."""

import gc
import sys

from parallel_agents.cli.common import absolute
from parallel_agents.core.errors import UsageError


def open_screen(directory: str) -> int:
    """Open the screen.

    Args:
        directory: where a new session is dispatched by default.

    Returns:
        The exit code.

    Raises:
        UsageError: this is no terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("The screen needs a terminal.", "List sessions instead: ls")
    from parallel_agents.client.ahead import connect_ahead

    ahead = connect_ahead()
    gc.disable()  # nothing that is imported is garbage; `run` enables it again
    from parallel_agents.tui.app import run

    return run(absolute(directory), ahead)
