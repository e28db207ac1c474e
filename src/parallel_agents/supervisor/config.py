"""Settings of the person: `config.toml`, with defaults for everything.

Keep true: an unknown or ill-typed key is a plain error that names it; every setting here does
something; `doctor` prints each value with where it came from.
"""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from parallel_agents.core.errors import UsageError
from parallel_agents.core.worktree import ExecutableConfig
from parallel_agents.worktrees import naming

REPOSITORY_SETTINGS = ".parallel-agents.toml"
"""What a repository presets, at the top of its main worktree; part of what is trusted."""

PORTS_LIMIT = 100
"""Most ports a session may have: a hundred sessions still find theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings.

    Attributes:
        sleep_after: minutes a finished session nobody views keeps its process; 0 for ever.
        stop_patience: seconds an agent gets at each step of being stopped.
        linger: seconds the supervisor stays after the last client when no process lives.
        trash_days: days that what was deleted is kept.
        auto_clean_days: days after which a finished session that has nothing of its own, or all
            of it in its base, goes to the trash by itself; 0 for never.
        agent: agent of a session when none is named; empty for the first that there is.
        mode: permission mode of a session when none is named; empty leaves it to the agent.
        model: model of a session when none is named; empty leaves it to the agent.
        branch: pattern for the names of branches, with `{slug}` and perhaps `{user}`, `{date}`,
            `{ticket}`.
        ticket: regular expression of a ticket's id, looked for in the prompt.
    """

    sleep_after: float = 15.0
    stop_patience: float = 5.0
    linger: float = 60.0
    trash_days: float = 30.0
    auto_clean_days: float = 0.0
    agent: str = ""
    mode: str = ""
    model: str = ""
    branch: str = naming.PATTERN
    ticket: str = naming.TICKET


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
            raise UsageError(
                f"{path}: there is no setting “{name}”", f"Known settings: {', '.join(known)}"
            )
        _check(path, name, value, known[name].default)
    _check_names(path, values)
    sources = {name: str(path) if name in values else "default" for name in known}
    return Config(**values), sources


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """What a repository presets for its sessions.

    Attributes:
        agent: agent of a session when none is named; empty leaves it to the person's settings.
        mode: permission mode when none is named; likewise.
        model: model when none is named; likewise.
        branch: pattern for the names of branches; empty leaves it to the person's settings.
        ticket: regular expression of a ticket's id; likewise.
        setup: shell commands to run in a new worktree before the agent starts, in order.
        teardown: shell commands to run in a worktree before it is deleted, in order.
        setup_timeout: seconds that each of these commands may take.
        ports: how many TCP ports each session gets for itself.
    """

    agent: str = ""
    mode: str = ""
    model: str = ""
    branch: str = ""
    ticket: str = ""
    setup: tuple[str, ...] = ()
    teardown: tuple[str, ...] = ()
    setup_timeout: float = 600.0
    ports: int = 0


def load_preset(path: Path) -> Preset:
    """Read what a repository presets for its sessions.

    Args:
        path: its `.parallel-agents.toml`; a missing one presets nothing.

    Returns:
        The presets.

    Raises:
        UsageError: the file is no TOML, or a key is unknown, ill-typed or out of range.
    """
    return _preset(path, _read(path))


def preset_of(config: ExecutableConfig) -> Preset:
    """The same out of what a person was shown and accepted, whatever the file holds by now.

    Args:
        config: the executable configuration of a repository.

    Returns:
        The presets of its main worktree.

    Raises:
        UsageError: as `load_preset`.
    """
    path = Path(REPOSITORY_SETTINGS)
    for file in config.files:
        if (file.origin, file.path) == ("main", REPOSITORY_SETTINGS):
            return _preset(path, _parsed(path, file.text))
    return Preset()


def _preset(path: Path, values: dict[str, Any]) -> Preset:
    known = {field.name: field for field in fields(Preset)}
    for name, value in values.items():
        if name not in known:
            raise UsageError(
                f"{path}: a repository cannot set “{name}”", f"It can set: {', '.join(known)}"
            )
        values[name] = _commands(value) if name in {"setup", "teardown"} else value
        _check(path, name, values[name], known[name].default)
    _check_names(path, values)
    preset = Preset(**values)
    if not 0 <= preset.ports <= PORTS_LIMIT or preset.setup_timeout <= 0:
        raise UsageError(f"{path}: “ports” is 0 to {PORTS_LIMIT}, “setup_timeout” over 0")
    return preset


def _commands(value: object) -> object:
    """One command, or a list of commands; anything else is left for the check to refuse."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(command, str) for command in value):
        return tuple(value)
    return value


def _read(path: Path) -> dict[str, Any]:
    try:
        return _parsed(path, path.read_text("utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeError) as error:
        raise UsageError(f"cannot read {path}: {error}", "Fix or remove the file.") from error


def _parsed(path: Path, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except ValueError as error:
        raise UsageError(f"cannot read {path}: {error}", "Fix or remove the file.") from error


_KINDS = {float: "a number", int: "a whole number", tuple: "a command, or a list of commands"}


def _check(path: Path, name: str, value: object, default: object) -> None:
    wanted: tuple[type, ...] = (int, float) if isinstance(default, float) else (type(default),)
    if not isinstance(value, wanted) or isinstance(value, bool):
        raise UsageError(f"{path}: “{name}” must be {_KINDS.get(type(default), 'text')}")


def _check_names(path: Path, values: dict[str, Any]) -> None:
    """Say at once what would otherwise make every dispatch fail."""
    try:
        naming.check_pattern(values.get("branch", naming.PATTERN))
        naming.ticket_in("", values.get("ticket", naming.TICKET))
    except UsageError as error:
        raise UsageError(f"{path}: {error.message}", error.hint) from error
