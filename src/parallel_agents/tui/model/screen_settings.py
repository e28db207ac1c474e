"""The screen's part of `config.toml`: which keys do what.

Keep true: a mistake never keeps the screen from opening: the usual settings then count, and the
mistake is said.
"""

from pathlib import Path

from parallel_agents.tui.model.key_table import USUAL, KeyTable
from parallel_agents.tui.model.rebinding import rebound
from parallel_agents.wire.endpoint import config_dir


def settings_file() -> Path:
    """Return the path of `config.toml`."""
    return config_dir() / "config.toml"


def chosen_keys(path: Path) -> tuple[KeyTable, list[str]]:
    """Read which keys the user chose.

    Args:
        path: `config.toml`; if it is missing, every action has its usual keys.

    Returns:
        The keys that count, and what is wrong with the file, in plain words.
    """
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return USUAL, []
    except (OSError, UnicodeError) as error:
        return USUAL, [f"cannot read {path}: {error}"]
    import tomllib  # only for those who have the file: it takes a while to load

    try:
        values = tomllib.loads(text).get("keys", {})
    except ValueError as error:
        return USUAL, [f"cannot read {path}: {error}"]
    if not isinstance(values, dict):
        return USUAL, [f"{path}: “keys” must be a table, with a line [keys] above it"]
    table, wrong = rebound(values)
    return table, [f"{path}: [keys] {problem}" for problem in wrong]
