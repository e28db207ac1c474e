"""Gives actions the keys that a person chose in `config.toml`.

Keep true: a choice that makes a key mean two things in one place changes nothing; Enter and Space
never decide on a request; what is text while somebody types stays text.
"""

from collections.abc import Mapping

from textual.keys import KEY_ALIASES, Keys, _character_to_key, key_to_character

from parallel_agents.tui.model.actions import Action
from parallel_agents.tui.model.key_table import MODIFIERS, NUMBERED, USUAL, KeyTable, written

_RESERVED = frozenset({"ctrl+p", "ctrl+q", "ctrl+c"})
"""Keys that always mean the palette, to leave, and to interrupt."""


def rebound(values: Mapping[str, object]) -> tuple[KeyTable, list[str]]:
    """Take the keys that a person chose.

    Args:
        values: the table `[keys]` of `config.toml`: a key or a list of keys by an action's id.

    Returns:
        The table, and what is wrong with the choice, in plain words. An action that is named there
        wrongly keeps its keys; if two would share one, all keep theirs.
    """
    chosen: dict[str, tuple[str, ...]] = {}
    wrong: list[str] = []
    for name, value in values.items():
        try:
            chosen[name] = _keys_for(name, value)
        except ValueError as error:
            wrong.append(str(error))
    table = KeyTable(chosen)
    if shared := conflicts(table):
        return USUAL, [*wrong, *shared]
    return table, wrong


def _keys_for(name: str, value: object) -> tuple[str, ...]:
    action = USUAL.by_id.get(name)
    if action is None:
        raise ValueError(f"there is no action “{name}”; docs/keys.md lists them")
    if name in NUMBERED:
        raise ValueError(f"the keys of “{name}” cannot be changed")
    keys = [value] if isinstance(value, str) else value
    if not isinstance(keys, list) or not keys or not all(isinstance(k, str) for k in keys):
        raise ValueError(f"“{name}” needs a key, or a list of keys")
    names = tuple(_named(name, str(key)) for key in keys)
    for key, text in zip(names, keys, strict=True):
        if key in _RESERVED and key not in action.keys:
            raise ValueError(f"“{text}” for “{name}”: this key always means the same")
        if action.decides and key in {"enter", "space"}:
            raise ValueError(f"“{text}” for “{name}”: Enter and Space never decide")
        if "input" in action.zones and "+" not in key and key_to_character(key):
            raise ValueError(f"“{text}” for “{name}”: it works while you type, where it is text")
    return names


def _named(name: str, text: str) -> str:
    """Return Textual's name of a key.

    Raises:
        ValueError: there is no such key.
    """
    *modifiers, last = text.split("+") if len(text) > 1 else [text]
    modifiers = [modifier.lower() for modifier in modifiers]
    known = {key.value for key in Keys} | {"space"}
    if len(last) == 1 and last.isprintable():
        plain = last if last.isalnum() else _character_to_key(last)
        key = plain.lower() if modifiers else plain
    else:
        key = KEY_ALIASES.get(last.lower(), [last.lower()])[0]
    if len(last) > 1 and (key not in known or "+" in key):
        raise ValueError(f"“{text}” for “{name}”: there is no such key")
    if not set(modifiers) <= MODIFIERS.keys():
        raise ValueError(f"“{text}” for “{name}”: the modifiers are ctrl, alt, shift")
    return "+".join([*modifiers, key])


def conflicts(table: KeyTable) -> list[str]:
    """Say which keys would mean two things in one place."""
    taken: dict[tuple[str, str], str] = {}
    said: list[str] = []
    for action in table.actions:
        for key in action.keys:
            for place in _places(action):
                other = taken.setdefault((key, place), action.id)
                line = f"{written(key)} would mean “{other}” and “{action.id}”"
                if other != action.id and line not in said:
                    said.append(line)
    return said


def _places(action: Action) -> frozenset[str]:
    """Where an action's keys work; a widget's own keys also meet those of the main screen."""
    match action.place:
        case "":
            extra = {"lines", "transcript", "diff", "checks"} if "view" in action.zones else set()
            extra |= {"inbox"} if USUAL.on_request(action) else set()
            return frozenset({*action.zones, *extra} - {"view"}) or action.zones
        case "lines":
            return frozenset({"lines", "transcript", "diff", "checks", "inbox"})
        case place:
            return frozenset({place})
