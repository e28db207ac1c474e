"""The table `[checks]` of a repository's settings: the commands that judge a change.

Keep true: a name is a slug, because it becomes the name of a file; a mistake names the check.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from parallel_agents.core.check_facts import CHECKS
from parallel_agents.core.errors import UsageError

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_KEYS = ("command", "timeout", "after_turn")
_TIMEOUT = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckCommand:
    """A check of a repository.

    Attributes:
        name: a slug, unique in its repository.
        command: for the shell, in the worktree.
        timeout: seconds that it may take.
        after_turn: whether it runs at the end of each turn that changed files.
    """

    name: str
    command: str
    timeout: float = _TIMEOUT
    after_turn: bool = False


def is_check_name(name: str) -> bool:
    """Whether a check may have this name."""
    return _NAME.fullmatch(name) is not None


def read_checks(path: Path, table: object) -> tuple[CheckCommand, ...]:
    """Read the table `[checks]`.

    Args:
        path: the file it is in, for the messages.
        table: its value.

    Returns:
        The checks, in the order of the file.

    Raises:
        UsageError: it is no table, there are too many checks, or one is not as it must be.
    """
    if not isinstance(table, dict):
        raise UsageError(f"{path}: [checks] is a table of names and commands")
    if len(table) > CHECKS:
        raise UsageError(f"{path}: [checks] has at most {CHECKS} checks")
    return tuple(_check_of(path, name, value) for name, value in table.items())


def _check_of(path: Path, name: str, value: object) -> CheckCommand:
    if not is_check_name(name):
        raise UsageError(
            f"{path}: “{name}” cannot be the name of a check",
            "A name has up to 32 of: a-z 0-9 _ -; it begins with a letter or a digit.",
        )
    given = {"command": value} if isinstance(value, str) else value
    if not isinstance(given, dict):
        raise UsageError(f"{path}: the check “{name}” must be a command, or a table with one")
    return _from_table(f"{path}: the check “{name}”", name, given)


def _from_table(which: str, name: str, given: Mapping[str, object]) -> CheckCommand:
    for key in given:
        if key not in _KEYS:
            raise UsageError(f"{which} has no setting “{key}”", f"It can have: {', '.join(_KEYS)}")
    command, timeout = given.get("command"), given.get("timeout", _TIMEOUT)
    after_turn = given.get("after_turn", False)
    if not isinstance(command, str) or not command.strip() or "\0" in command:
        raise UsageError(f"{which} needs a command")
    # Written so that NaN, which compares with nothing, is refused as well.
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout > 0:
        raise UsageError(f"{which}: “timeout” must be a number of seconds over 0")
    if not isinstance(after_turn, bool):
        raise UsageError(f"{which}: “after_turn” must be true or false")
    return CheckCommand(name=name, command=command, timeout=timeout, after_turn=after_turn)
