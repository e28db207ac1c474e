"""What the form for a new session remembers from the last time, in `dispatch.json`.

Keep true: a missing or damaged file is a first run, never an error; a mode that asks nothing is
chosen anew each time. What is remembered may be of an agent that is gone: the form takes of it what
the agent has.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from parallel_agents.wire.endpoint import config_dir


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """The choices; empty leaves one to the agent, and the agent to the settings."""

    agent: str = ""
    mode: str = ""
    model: str = ""
    effort: str = ""


def _path() -> Path:
    return config_dir() / "dispatch.json"


def recall() -> Remembered | None:
    """What was chosen last; None on a first run."""
    try:
        value = json.loads(_path().read_text("utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(value, dict):
        return None
    texts = {k: v for k, v in value.items() if k in Remembered.__slots__ and isinstance(v, str)}
    return Remembered(**texts)


def remember(choices: Remembered, *, asks: bool = True) -> None:
    """Keep the choices; one that cannot be kept is only asked for again.

    Args:
        choices: what was chosen.
        asks: whether a person is still asked in the mode.
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
