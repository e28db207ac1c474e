"""The last choices made for a new session, stored in `dispatch.json`.

Keep true: a missing or damaged file means a first run and is never an error; a mode that asks
nothing must be chosen again each time. The choices may belong to an agent that no longer exists:
the composer uses only what the agent offers.
"""

import json
from pathlib import Path

from parallel_agents.core.value import Value, asdict
from parallel_agents.tui.model.private_file import write_private
from parallel_agents.wire.endpoint import config_dir


class Remembered(Value):
    """The choices; empty leaves a choice to the agent, and the agent itself to the settings."""

    agent: str = ""
    mode: str = ""
    model: str = ""
    effort: str = ""


def _path() -> Path:
    return config_dir() / "dispatch.json"


def recall() -> Remembered | None:
    """Read the last choices; None on a first run."""
    try:
        value = json.loads(_path().read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(value, dict):
        return None
    known = Remembered.__struct_fields__
    return Remembered(**{k: v for k, v in value.items() if k in known and isinstance(v, str)})


def remember(choices: Remembered, *, asks: bool = True) -> None:
    """Save the choices; if they cannot be saved, the user only has to choose again.

    Args:
        choices: what the user chose.
        asks: whether the agent still asks the user in this mode.
    """
    value = asdict(choices)
    if not asks:
        value["mode"] = (recall() or Remembered()).mode
    write_private(_path(), json.dumps(value).encode())
