"""The user's settings, `config.toml`, with defaults for everything; a repository's presets.

Keep true: an unknown or ill-typed key gives a plain error that names it; every setting here has an
effect; `doctor` prints each value with its source.
"""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from parallel_agents.core.columns import COLUMNS, USUAL, Column, read_columns
from parallel_agents.core.errors import UsageError
from parallel_agents.core.worktree import ExecutableConfig
from parallel_agents.supervisor.base.check_settings import CheckCommand, read_checks
from parallel_agents.worktrees.plumbing import naming

REPOSITORY_SETTINGS = ".parallel-agents.toml"
"""A repository's presets, at the top of its main worktree; part of what the user trusts."""

OF_THE_SCREEN = ("keys",)
"""Settings that the screen reads by itself."""

PORTS_LIMIT = 100
"""The most ports that one session may have; a hundred sessions can still have that many each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings.

    Attributes:
        sleep_after: minutes that a finished session keeps its process while nobody views it; 0
            keeps it for ever.
        stop_patience: seconds that an agent gets at each step of being stopped.
        linger: seconds that the supervisor stays after the last client when no process is alive.
        trash_days: days that deleted sessions are kept.
        auto_clean_days: days after which a finished session moves to the trash automatically, if
            it has no work of its own or all of it is in its base; 0 for never.
        agent: the agent to use when none is named; empty for the first one available.
        mode: the permission mode to use when none is named; empty leaves the choice to the agent.
        model: the model to use when none is named; empty leaves the choice to the agent.
        branch: the pattern for branch names, with `{slug}` and optionally `{user}`, `{date}` and
            `{ticket}`.
        ticket: a regular expression for a ticket's id, searched for in the prompt.
        checks_at_once: how many checks may run at the same time, over all sessions.
        list_columns: `columns` of the table `list`: what the list shows on a wide screen.
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
    checks_at_once: int = 2
    list_columns: tuple[Column, ...] = USUAL


def load_config(path: Path) -> tuple[Config, dict[str, str]]:
    """Read the user's settings.

    Args:
        path: `config.toml`; if it is missing, the defaults apply.

    Returns:
        The settings, and the source of each (`default` or the file's path).

    Raises:
        UsageError: the file is not valid TOML, or a key is unknown or of the wrong type.
    """
    values = _read(path)
    for name in OF_THE_SCREEN:
        values.pop(name, None)
    columns = _columns(path, values.pop("list", {}))
    known = {field.name: field for field in fields(Config) if field.name != "list_columns"}
    for name, value in values.items():
        if name not in known:
            raise UsageError(
                f"{path}: there is no setting “{name}”", f"Known settings: {', '.join(known)}"
            )
        _check(path, name, value, known[name].default)
    _check_names(path, values)
    if values.get("checks_at_once", 1) < 1:
        raise UsageError(f"{path}: “checks_at_once” must be 1 or more")
    if columns is not None:
        values["list_columns"] = columns
    names = (*known, "list_columns")
    return Config(**values), {n: str(path) if n in values else "default" for n in names}


def _columns(path: Path, table: object) -> tuple[Column, ...] | None:
    """Read the table `list`; None if it says nothing."""
    if table == {}:
        return None
    only = isinstance(table, dict) and set(table) == {"columns"}
    columns = read_columns(table["columns"]) if isinstance(table, dict) and only else None
    if columns is None:
        names = ", ".join(COLUMNS)
        raise UsageError(f"{path}: [list] has “columns”, a list of different ones of: {names}")
    return columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A repository's presets for its sessions; an empty text leaves it to the user's settings.

    Attributes:
        agent: the agent to use when none is named.
        mode: the permission mode to use when none is named.
        model: the model to use when none is named.
        branch: the pattern for branch names.
        ticket: a regular expression for a ticket's id.
        setup: shell commands to run in a new worktree before the agent starts, in order.
        teardown: shell commands to run in a worktree before it is deleted, in order.
        setup_timeout: seconds that each of these commands may take.
        ports: how many TCP ports each session gets for itself.
        checks: the commands that judge a change, in order.
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
    checks: tuple[CheckCommand, ...] = ()


def load_preset(path: Path) -> Preset:
    """Read a repository's presets for its sessions.

    Args:
        path: the repository's `.parallel-agents.toml`; a missing file presets nothing.

    Raises:
        UsageError: the file is not valid TOML, or a key is unknown, ill-typed or out of range.
    """
    return _preset(path, _read(path))


def preset_of(config: ExecutableConfig) -> Preset:
    """Take the presets from the configuration that the user accepted, not from the file as it is.

    Args:
        config: the executable configuration of a repository.

    Returns:
        The presets of its main worktree.

    Raises:
        UsageError: as for `load_preset`.
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
        values[name] = _read_value(path, name, value)
        _check(path, name, values[name], known[name].default)
    _check_names(path, values)
    preset = Preset(**values)
    if not 0 <= preset.ports <= PORTS_LIMIT or preset.setup_timeout <= 0:
        raise UsageError(f"{path}: “ports” is 0 to {PORTS_LIMIT}, “setup_timeout” over 0")
    return preset


def _read_value(path: Path, name: str, value: object) -> object:
    if name == "checks":
        return read_checks(path, value)
    return _commands(value) if name in {"setup", "teardown"} else value


def _commands(value: object) -> object:
    """Accept one command or a list of commands; leave anything else for `_check` to refuse."""
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
    """Report now what would otherwise make every dispatch fail."""
    try:
        naming.check_pattern(values.get("branch", naming.PATTERN))
        naming.ticket_in("", values.get("ticket", naming.TICKET))
    except UsageError as error:
        raise UsageError(f"{path}: {error.message}", error.hint) from error
