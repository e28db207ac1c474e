"""The one place where the command line loads the screen, and only when it is asked for."""

import gc

from parallel_agents.cli import streams
from parallel_agents.cli.common import absolute

_INSTEAD = "Use the verbs instead: parallel-agents ls, new, logs, answer"


def settings_problems() -> list[str]:
    """Say what is wrong with the screen's part of `config.toml`, in plain words."""
    from parallel_agents.tui.model.screen_settings import chosen_keys, settings_file

    return chosen_keys(settings_file())[1]


def open_screen(directory: str) -> int:
    """Open the screen.

    Args:
        directory: where a new session is dispatched by default.

    Returns:
        The exit code.

    Raises:
        UsageError: this is no terminal that can show it.
    """
    streams.refuse_without_screen("The screen", _INSTEAD)
    place = absolute(directory)
    from parallel_agents.client.front import lent_screen

    code = lent_screen(place)
    if code is not None:
        return code
    from threading import Thread

    from parallel_agents.client import standby
    from parallel_agents.client.ahead import connect_ahead

    ahead = connect_ahead()
    gc.disable()  # nothing that is imported is garbage; `run` enables it again
    from parallel_agents.tui.app import run

    return run(place, ahead, Thread(target=standby.start, daemon=True).start)
