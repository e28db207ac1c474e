"""Settings of the person: `config.toml`, with defaults for everything.

Keep true: an unknown or ill-typed key is a plain error that names it; every setting here does
something; `doctor` prints each value with where it came from.
"""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from parallel_agents.core.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings.

    Attributes:
        sleep_after: minutes a finished session nobody views keeps its process; 0 for ever.
        stop_patience: seconds an agent gets at each step of being stopped.
        linger: seconds the supervisor stays after the last client when no process lives.
        trash_days: days that what was deleted is kept.
        agent: agent of a session when none is named.
        mode: permission mode of a session when none is named; empty leaves it to the agent.
        model: model of a session when none is named; empty leaves it to the agent.
    """

    sleep_after: float = 15.0
    stop_patience: float = 5.0
    linger: float = 60.0
    trash_days: float = 30.0
    agent: str = "claude"
    mode: str = ""
    model: str = ""


def load_config(path: Path) -> tuple[Config, dict[str, str]]:
    """Read the settings.

    Args:
        path: `config.toml`; a missing one gives the defaults.

    Returns:
        The settings, and for each where it came from (`default` or the file's path).

    Raises:
        UsageError: the file is no TOML, or a key is unknown or of the wrong type.
    """
    values = _read(path)
    known = {field.name: field for field in fields(Config)}
    for name, value in values.items():
        if name not in known:
            raise UsageError(f"{path}: there is no setting “{name}”", f"Known: {', '.join(known)}")
        _check(path, name, value, known[name].default)
    sources = {name: str(path) if name in values else "default" for name in known}
    return Config(**values), sources


REPOSITORY_KEYS = ("agent", "mode", "model")
"""What a repository may preset for its sessions."""


def load_repository_config(path: Path) -> dict[str, str]:
    """Read what a repository presets for its sessions.

    Args:
        path: its `.parallel-agents.toml`; a missing one presets nothing.

    Returns:
        Some of `REPOSITORY_KEYS`.

    Raises:
        UsageError: the file is no TOML, or a key is unknown or no text.
    """
    values = _read(path)
    for name, value in values.items():
        if name not in REPOSITORY_KEYS:
            known = ", ".join(REPOSITORY_KEYS)
            raise UsageError(f"{path}: a repository cannot set “{name}”", f"It can: {known}")
        _check(path, name, value, "")
    return values


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {error}", "Mend or remove the file.") from error


def _check(path: Path, name: str, value: object, default: object) -> None:
    wanted: tuple[type, ...] = (int, float) if isinstance(default, float) else (type(default),)
    if not isinstance(value, wanted) or isinstance(value, bool):
        kind = "a number" if isinstance(default, float) else "text"
        raise UsageError(f"{path}: “{name}” must be {kind}")
