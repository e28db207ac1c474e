"""Every key by place, for the help screen, and as the text of `docs/keys.md`.

Keep true: run with `python -m`, the module prints `docs/keys.md`; a test keeps the two equal.
"""

import sys

from parallel_agents.tui.model.actions import (
    COMMAND,
    EVERYWHERE,
    LIST,
    SESSION,
    VIEW,
    Action,
    Zone,
)
from parallel_agents.tui.model.key_table import NUMBERED, USUAL, KeyTable
from parallel_agents.tui.model.widget_actions import PLACES, TEXT_KEYS

Row = tuple[str, str, str]
"""The keys, what they do, and the name of the action in `config.toml`; empty if it keeps them."""

_ALONE = " ".join(action.shown for action in USUAL.actions if action.alone)

_NOTES = (
    "",
    "There are two modes. In *command* mode each letter means one thing, wherever the focus is: in "
    "the list, the transcript, the diff or the info. While a text field has the focus you are "
    "*typing*, and whatever is printable is text. The bottom line names the mode and the keys that "
    "work there. A request never takes the focus; its keys work in command mode while it is shown.",
    "",
    "A key that decides, restarts, restores, lends the terminal or leaves the screen "
    f"(`{_ALONE}`) counts only when you press it by itself:",
    "",
    "- no other letter within 250 ms before it or 120 ms after it; steps such as `j` `k` `[` `]` "
    "before it do not matter. The same letter again within 100 ms is a key held down, and does "
    "nothing;",
    "- nothing else from the terminal within 30 ms: no paste, no mouse or focus report, no answer. "
    "Ctrl+G Ctrl+O Ctrl+Q Ctrl+S Ctrl+X follow this rule too, and Ctrl+X held down counts once;",
    "- a request counts as seen 500 ms after it appeared or changed by itself, and 150 ms after "
    "you brought it up yourself, by selecting its session or by deciding the one before. An "
    "earlier key decides nothing, and the card says so: press it again;",
    "- of a request that has not been on the screen to its end, the first press says how much "
    "is unread, and a second one, at least 500 ms later, decides. Denying needs no second press.",
    "",
    "Several letters typed in a row in command mode are a text, and run nothing more: they become "
    "a draft, and you choose whether it is a reply or a new task. A paste likewise.",
)


_REBINDING = (
    "",
    "## Other keys",
    "",
    "Give an action other keys in `config.toml` (`parallel-agents doctor` says where it is). The "
    "name of each action stands in the last column below:",
    "",
    "```toml",
    "[keys]",
    'peek = "p"                        # instead of Space',
    'next_needing = ["ctrl+n", "f2"]   # two keys',
    "```",
    "",
    "A key is a character, a name (`enter` `escape` `space` `tab` `up` `home` `pageup` `delete` "
    "`f1` …), or one of them after `ctrl+`, `alt+` or `shift+`. Help, palette, bottom line and the "
    "request show the keys that you chose. If a name is unknown, a key does not exist, or one key "
    "would mean two things in one place, the screen says so when it opens, and `doctor` too; "
    "the usual keys then count. Keys of text fields, `Alt+1…9` and the digits stay.",
)

_ZONE_TITLES: tuple[tuple[str, frozenset[Zone]], ...] = (
    ("Everywhere", EVERYWHERE),
    ("Command mode: list, transcript, diff, info", COMMAND),
    ("List", LIST),
    ("In a session", SESSION),
    ("Transcript, diff, info", VIEW),
)
_REQUEST = "Command mode, while the selected session has a request"


def key_rows(table: KeyTable) -> list[tuple[str, list[Row]]]:
    """List all keys by place: a title, and its rows."""
    main = [action for action in table.actions if not action.place]
    groups = [(_REQUEST, [a for a in main if table.on_request(a)])]
    groups += [
        (title, [a for a in main if a.zones == zones and not table.on_request(a)])
        for title, zones in _ZONE_TITLES
    ]
    found: dict[str, list[Row]] = {}
    for title, actions in groups:
        found[title] = [_row(action) for action in actions]
    for action in table.actions:
        if action.place:
            found.setdefault(PLACES[action.place], []).append(_row(action))
    for where, keys, does in TEXT_KEYS:
        found.setdefault(where, []).append((keys, does, ""))
    return list(found.items())


def _row(action: Action) -> Row:
    return action.shown, action.help, "" if action.id in NUMBERED else action.id


def document() -> str:
    """Write the text of `docs/keys.md`."""
    lines = [
        "# Keys",
        "",
        "Made from the table that the screen binds its keys from:",
        "`python -m parallel_agents.tui.model.key_document > docs/keys.md`.",
        *_NOTES,
        *_REBINDING,
    ]
    for title, rows in key_rows(USUAL):
        lines += ["", f"## {title}", "", "| key | does | name |", "|---|---|---|"]
        lines += [f"| {keys} | {does} | {name and f'`{name}`'} |" for keys, does, name in rows]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.stdout.write(document())
