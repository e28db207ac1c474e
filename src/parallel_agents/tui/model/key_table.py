"""The table of keys as it counts: all rows, rebound.

Keep true: bindings, help, palette, the bottom line and the letters that decide all come from one
table, so that what is shown is what works; no key means two things in one place.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from textual.app import App
from textual.binding import Binding
from textual.keys import key_to_character

from parallel_agents.tui.model.actions import ACTIONS, Action
from parallel_agents.tui.model.layout_actions import LAYOUT_ACTIONS
from parallel_agents.tui.model.widget_actions import WIDGET_ACTIONS

TABLE = (*ACTIONS, *LAYOUT_ACTIONS, *WIDGET_ACTIONS)
"""Every row, as it is unless keys are rebound."""

NUMBERED = frozenset({"jump", "jump_sign", "choose"})
"""Actions whose keys each mean a number; they keep their keys."""

_ON_REQUEST = frozenset({"skip", "read_on", "read_back", "next_question", "previous_question"})

_SIGNS = {
    "up": "↑", "down": "↓", "left": "←", "right": "→", "escape": "Esc", "enter": "Enter",
    "space": "Space", "tab": "Tab", "pageup": "PgUp", "pagedown": "PgDn", "home": "Home",
    "end": "End", "insert": "Ins", "delete": "Del", "backspace": "Backspace",
}  # fmt: skip
MODIFIERS = {"ctrl": "Ctrl", "alt": "Alt", "shift": "Shift"}


def _call(action: Action, number: int) -> str:
    if action.call:
        return action.call
    return f"do('{action.id}', {number})" if action.id in NUMBERED else f"do('{action.id}')"


def _rebound(row: Action, keys: tuple[str, ...] | None) -> Action:
    if keys is None:
        return row
    return replace(row, keys=keys, shown=" ".join(map(written, keys)))


def _characters(actions: Iterable[Action]) -> frozenset[str]:
    keys = (key for action in actions for key in action.keys)
    return frozenset(key_to_character(key) or key for key in keys)


def written(key: str) -> str:
    """Write one of Textual's names of keys as people do, for instance `Ctrl+R`."""
    *modifiers, last = key.split("+")
    end = _SIGNS.get(last) or key_to_character(last) or last
    capital = modifiers or (len(end) > 1 and end.isascii())
    words = [MODIFIERS.get(modifier, modifier) for modifier in modifiers]
    return "+".join([*words, end[:1].upper() + end[1:] if capital else end])


class KeyTable:
    """The rows with the keys that count.

    Args:
        chosen: keys by the action's id, as Textual names them; other actions keep their own.

    Attributes:
        actions: every row.
        by_id: the same by id.
        deciding: the characters of the keys that act on the request of the selected session.
        lone: the characters of the keys that count only when they are pressed by themselves.
    """

    def __init__(self, chosen: Mapping[str, tuple[str, ...]] | None = None) -> None:
        given = chosen or {}
        self.actions = tuple(_rebound(row, given.get(row.id)) for row in TABLE)
        self.by_id = {action.id: action for action in self.actions}
        self.deciding = _characters(action for action in self.actions if action.decides)
        self.lone = _characters(action for action in self.actions if action.alone)
        self._usual = {row.id: row.keys for row in TABLE}

    def shown(self, *ids: str) -> str:
        """Write the first key of each of these actions as people write it."""
        return " ".join(self.by_id[name].shown.split(" ")[0] for name in ids)

    def usual(self, key: str) -> str:
        """Return the letter that a key for a request has unless it is rebound; empty for none."""
        for action in self.actions:
            if action.decides and key in action.keys:
                usual = self._usual[action.id]
                return usual[action.keys.index(key)] if action.id in NUMBERED else usual[0]
        return ""

    def meant(self, key: str) -> str:
        """Return the id of the action on a request that a key stands for; empty for none."""
        found = (a.id for a in self.actions if self.on_request(a) and key in a.keys)
        return next(found, "")

    def on_request(self, action: Action) -> bool:
        """Whether an action is about the request that is shown."""
        return action.decides or action.id in _ON_REQUEST

    def bindings(self, *places: str) -> list[Binding]:
        """Make the bindings of a widget, or without a place those of the main screen."""
        rows = [a for a in self.actions if (a.place in places if places else not a.place)]
        return [
            Binding(key, _call(action, number), action.help, show=False, priority=action.priority)
            for action in rows
            for number, key in enumerate(action.keys, 1)
        ]


USUAL = KeyTable()
"""The table without anything rebound."""


def key_table(app: App[object]) -> KeyTable:
    """Return the table that an application was opened with."""
    table = getattr(app, "keys_in_use", USUAL)
    assert isinstance(table, KeyTable)  # noqa: S101 - nothing else has this name
    return table
