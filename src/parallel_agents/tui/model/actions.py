"""The single table of keys; bindings, help, the palette and `docs/keys.md` are generated from it.

Keep true: every key that does something is listed here; the module, run with `python -m`, prints
`docs/keys.md`, and a test keeps the two equal.
"""

import sys
from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding

Zone = Literal["list", "view", "card", "input"]

LIST: frozenset[Zone] = frozenset({"list"})
READING: frozenset[Zone] = frozenset({"list", "view"})
CARD: frozenset[Zone] = frozenset({"card"})
INPUT: frozenset[Zone] = frozenset({"input"})
VIEWS: frozenset[Zone] = frozenset({"view", "card"})
NOT_INPUT: frozenset[Zone] = frozenset({"list", "view", "card"})
SESSION: frozenset[Zone] = frozenset({"view", "card", "input"})
EVERYWHERE: frozenset[Zone] = frozenset({"list", "view", "card", "input"})

MAC_DIGITS = "¡™£¢∞§¶•ª"
"""What Textual makes of `ESC 1` to `ESC 9`, which most terminals send for Alt with a digit."""

_NAMED = {
    "¡": "inverted_exclamation_mark",
    "™": "trade_mark_sign",
    "£": "pound_sign",
    "¢": "cent_sign",
    "∞": "infinity",
    "§": "section_sign",
    "¶": "pilcrow_sign",
    "•": "bullet",
    "ª": "ª",
}


@dataclass(frozen=True, slots=True)
class Action:
    """Something the user can do.

    Attributes:
        id: name of the method that carries it out.
        keys: Textual's names for its keys.
        zones: where the keys work.
        shown: the keys as people write them.
        help: what it does, for the help screen and the documentation.
        title: name in the palette; empty hides it there.
        hint: word in the bottom line; empty hides it there.
        priority: whether it overrides the focused widget's own keys.
    """

    id: str
    keys: tuple[str, ...]
    zones: frozenset[Zone]
    shown: str
    help: str
    title: str = ""
    hint: str = ""
    priority: bool = False


ACTIONS: tuple[Action, ...] = (
    Action("dispatch", ("c",), READING, "c", "start a new session", "New session", "new"),
    Action("previous", ("up", "k"), LIST, "↑ k", "select the session above"),
    Action("next", ("down", "j"), LIST, "↓ j", "select the session below"),
    Action("enter", ("enter", "right"), LIST, "Enter →", "go into the session", "", "open"),
    Action(
        "peek",
        ("space",),
        LIST,
        "Space",
        "peek at the latest output and reply; y and n decide on a permission",
        "Peek",
        "peek",
    ),
    Action(
        "next_needing",
        ("ctrl+n",),
        EVERYWHERE,
        "Ctrl+N",
        "go to the next session that needs you",
        "Next that needs you",
        "next needing you",
        priority=True,
    ),
    Action(
        "jump",
        tuple(f"alt+{n}" for n in range(1, 10)),
        EVERYWHERE,
        "Alt+1…9",
        "go to the session with this number in the list",
        priority=True,
    ),
    Action(
        "jump_sign",
        tuple(_NAMED[sign] for sign in MAC_DIGITS),
        NOT_INPUT,
        MAC_DIGITS,
        "the same, on terminals that turn Alt into signs",
    ),
    Action("jump_begin", ("g",), READING, "g 1…9", "the same, in two keys"),
    Action("transcript", ("t",), READING, "t", "show the transcript", "Transcript"),
    Action("diff", ("d",), READING, "d", "show the diff", "Diff", "diff"),
    Action("info", ("i",), READING, "i", "show worktree, costs, process, how to land", "Info"),
    Action("explain", ("w",), READING, "w", "say why the session is in this state", "Explain"),
    Action("mode", ("m",), READING, "m", "change the permission mode", "Permission mode"),
    Action(
        "respawn",
        ("R",),
        READING,
        "R",
        "resume: continue an interrupted turn, or restart the agent",
        "Resume",
    ),
    Action("shell", ("o",), READING, "o", "open a shell in the worktree", "Shell in worktree"),
    Action(
        "edit",
        ("E",),
        READING,
        "E",
        "open $EDITOR in the worktree; in the diff, at the line",
        "Editor in worktree",
    ),
    Action("attach", ("T",), READING, "T", "open the conversation in this terminal", "Attach"),
    Action("undo", ("u",), READING, "u", "undo the last delete", "Undo delete"),
    Action("trash", ("U",), READING, "U", "list the trash, and restore from it", "Trash"),
    Action(
        "stop",
        ("ctrl+x",),
        EVERYWHERE,
        "Ctrl+X",
        "stop the session; twice within two seconds: delete it (u undoes it). "
        "In the input it only stops, and only when the input is empty",
        "Stop session",
        "stop",
        priority=True,
    ),
    Action("rename", ("ctrl+r",), EVERYWHERE, "Ctrl+R", "rename", "Rename", priority=True),
    Action("pin", ("ctrl+t",), EVERYWHERE, "Ctrl+T", "pin or unpin", "Pin", priority=True),
    Action(
        "group",
        ("ctrl+s",),
        EVERYWHERE,
        "Ctrl+S",
        "group the list by state or by directory",
        "Group by state or directory",
        priority=True,
    ),
    Action("allow", ("y",), CARD, "y", "allow once; send the answers; approve the plan"),
    Action("always", ("a",), CARD, "a", "allow by the rule shown, for this session"),
    Action(
        "always_repository",
        ("A",),
        CARD,
        "A",
        "allow by the rule shown, saved in the file shown, for every session of the repository",
    ),
    Action("deny", ("n",), CARD, "n", "deny; keep planning"),
    Action("deny_message", ("N",), CARD, "N", "deny, and say what to do instead"),
    Action("edit_input", ("e",), CARD, "e", "edit what would run, then allow it"),
    Action("own_words", ("f",), CARD, "f", "answer a question in your own words"),
    Action(
        "choose",
        tuple("123456789"),
        CARD,
        "1…9",
        "choose an answer; approve the plan into a mode",
    ),
    Action("other_request", ("right_square_bracket",), CARD, "]", "show the next request"),
    Action("next_question", ("left_square_bracket",), CARD, "[", "go to the next question"),
    Action("zone_next", ("tab",), EVERYWHERE, "Tab", "list → card → input", priority=True),
    Action("zone_back", ("shift+tab",), EVERYWHERE, "Shift+Tab", "back", priority=True),
    Action("back", ("left",), VIEWS, "←", "back to the list", priority=True),
    Action(
        "escape",
        ("escape",),
        SESSION,
        "Esc",
        "back to the list; from the input only when it is empty (also ←)",
    ),
    Action(
        "interrupt",
        ("ctrl+c",),
        EVERYWHERE,
        "Ctrl+C, Esc Esc",
        "in a session: end the running turn. With text selected, Ctrl+C copies it",
        "Interrupt the turn",
        priority=True,
    ),
    Action(
        "editor",
        ("ctrl+g",),
        EVERYWHERE,
        "Ctrl+G",
        "write the reply in $EDITOR",
        "Write the reply in $EDITOR",
        priority=True,
    ),
    Action("help", ("question_mark", "f1"), NOT_INPUT, "?", "this help", "Help", "help"),
    Action("quit", ("q",), READING, "q", "close the screen; sessions keep working", "Quit"),
    Action(
        "quit_anywhere",
        ("ctrl+q",),
        EVERYWHERE,
        "Ctrl+Q",
        "close the screen, from anywhere",
        priority=True,
    ),
)

OTHER_KEYS: tuple[tuple[str, str, str], ...] = (
    ("Input", "Enter", "send"),
    ("Input", "Ctrl+J", "start a new line"),
    ("Input", "↑ ↓", "earlier messages, when on the first or last line"),
    ("Input", "Tab", "accept a completion of `/command` or `@file`"),
    ("Transcript, diff, info", "↑ ↓ j k PgUp PgDn Home End", "move"),
    ("Transcript, diff, info", "Enter", "open or fold what is under the cursor"),
    ("Transcript, diff, info", "Y", "copy what is selected or under the cursor"),
    ("Diff", "n p", "next and previous hunk"),
    ("New session", "Enter", "start it; the input takes the next task"),
    ("New session", "Ctrl+O, Shift+Enter", "start it and go into it"),
    ("New session", "Esc", "leave; the text stays as a draft"),
    ("New session", "↑ ↓", "earlier tasks, when on the first or last line"),
    ("New session", "Tab", "where it starts and how: directory, base, branch, mode, agent"),
    ("New session", "Alt+M Alt+P Alt+E", "the next permission mode, model, effort"),
    ("New session", "Ctrl+G", "write the task in $EDITOR"),
    ("Everywhere", "Ctrl+P", "palette: everything by name"),
)
"""Keys that a widget handles itself: where, which keys, what they do."""

_NOTES = (
    "",
    "A key decides only when you press it by itself:",
    "",
    "- within 30 ms before and after it nothing else may come from the terminal: no key, no "
    "paste, no mouse or focus report, no answer. Keys that only scroll (↑ ↓ PgUp PgDn Home End) "
    "count always. A key that was dropped for this has to be pressed again;",
    "- `q` `T` `o` `E` outside text fields, and Ctrl+G Ctrl+O Ctrl+Q Ctrl+S Ctrl+X anywhere, "
    "follow "
    "the same rule;",
    "- a card that has just appeared takes no key for half a second, and the key that decided "
    "takes effect again only after a rest of 0.8 s, so that a key held down decides once;",
    "- of a request that has not been on the screen to its end, the first press says how much "
    "is unread, and a second one, at least 0.8 s later, decides. Denying needs no second press;",
    "- pasted text is never a key, and the click that gives the window the focus is no click.",
)

_ZONE_TITLES: tuple[tuple[str, frozenset[Zone]], ...] = (
    ("Everywhere", EVERYWHERE),
    ("Everywhere but in the input", NOT_INPUT),
    ("List, transcript, diff, info", READING),
    ("List", LIST),
    ("In a session", SESSION),
    ("Transcript, diff, info, card", VIEWS),
    ("Request card", CARD),
)


def bindings() -> list[Binding]:
    """Make the bindings of the main screen, one per action and key."""
    return [
        Binding(key, f"do('{action.id}')", action.help, show=False, priority=action.priority)
        if len(action.keys) == 1 or action.id not in {"jump", "jump_sign", "choose"}
        else Binding(
            key,
            f"do('{action.id}', {number})",
            action.help,
            show=False,
            priority=action.priority,
        )
        for action in ACTIONS
        for number, key in enumerate(action.keys, 1)
    ]


BY_ID = {action.id: action for action in ACTIONS}


def table() -> list[tuple[str, list[tuple[str, str]]]]:
    """List all keys by zone: a title, and pairs of keys and what they do."""
    found: list[tuple[str, list[tuple[str, str]]]] = [
        (title, [(a.shown, a.help) for a in ACTIONS if a.zones == zones])
        for title, zones in _ZONE_TITLES
    ]
    for where, keys, does in OTHER_KEYS:
        rows = next((rows for title, rows in found if title == where), None)
        if rows is None:
            found.append((where, [(keys, does)]))
        else:
            rows.append((keys, does))
    return found


def document() -> str:
    """Write the text of `docs/keys.md`."""
    lines = [
        "# Keys",
        "",
        "Made from the table that the screen binds its keys from:",
        "`python -m parallel_agents.tui.model.actions > docs/keys.md`.",
        "",
        "The focus is in one of three places: the list, the request card, or the input. "
        "What is typed in the input is text; a request never takes the focus.",
        *_NOTES,
    ]
    for title, rows in table():
        lines += ["", f"## {title}", "", "| key | does |", "|---|---|"]
        lines += [f"| {keys} | {does} |" for keys, does in rows]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    sys.stdout.write(document())
