"""The last choices made in the form for a new session, stored in `dispatch.json`.

Keep true: a missing or damaged file means a first run and is never an error; a mode that asks
nothing must be chosen again each time. The choices may belong to an agent that no longer exists:
the form uses only what the agent offers.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from parallel_agents.wire.endpoint import config_dir


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
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
    texts = {k: v for k, v in value.items() if k in Remembered.__slots__ and isinstance(v, str)}
    return Remembered(**texts)


def remember(choices: Remembered, *, asks: bool = True) -> None:
    """Save the choices; if they cannot be saved, the user only has to choose again.

    Args:
        choices: what the user chose.
        asks: whether the agent still asks the user in this mode.
    """
    value = asdict(choices)
    if not asks:
        value["mode"] = (recall() or Remembered()).mode
    path = _path()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(value), "utf-8")
        fresh.replace(path)
    except OSError:
        return
