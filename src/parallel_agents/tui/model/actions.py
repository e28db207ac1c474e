"""What a person can do on the main screen, with the keys that do it unless they are rebound.

Keep true: every key that does something is a row here or in `widget_actions.py`; `key_table.py`
makes the bindings of both, help and palette read it, and `docs/keys.md` is printed from it.
"""

from dataclasses import dataclass
from typing import Literal

Zone = Literal["list", "view", "input"]

LIST: frozenset[Zone] = frozenset({"list"})
VIEW: frozenset[Zone] = frozenset({"view"})
COMMAND: frozenset[Zone] = frozenset({"list", "view"})
SESSION: frozenset[Zone] = frozenset({"view", "input"})
EVERYWHERE: frozenset[Zone] = frozenset({"list", "view", "input"})

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
        alone: whether its letter counts only when it is pressed by itself, because it decides,
            restarts, restores, lends the terminal or leaves the screen.
        decides: whether it acts on the request of the selected session.
        place: which widgets or dialogs carry it out themselves; empty for the main screen.
        call: how they are called, as Textual's actions are written.
    """

    id: str
    keys: tuple[str, ...]
    zones: frozenset[Zone]
    shown: str
    help: str
    title: str = ""
    hint: str = ""
    priority: bool = False
    alone: bool = False
    decides: bool = False
    place: str = ""
    call: str = ""


def _decision(name: str, keys: str, help_: str, shown: str = "") -> Action:
    """An action on the request of the selected session."""
    return Action(name, tuple(keys), COMMAND, shown or keys, help_, alone=True, decides=True)


ACTIONS: tuple[Action, ...] = (
    Action("dispatch", ("c",), COMMAND, "c", "start a new session", "New session", "new"),
    Action("previous", ("up", "k"), LIST, "↑ k", "select the session above"),
    Action("next", ("down", "j"), LIST, "↓ j", "select the session below"),
    Action("first", ("home",), LIST, "Home", "select the first session"),
    Action("last", ("end",), LIST, "End", "select the last session"),
    Action("page_up", ("pageup",), LIST, "PgUp", "go up by the height of the list"),
    Action("page_down", ("pagedown",), LIST, "PgDn", "go down by the height of the list"),
    Action("enter", ("enter",), LIST, "Enter", "go into the session; open a group", "", "open"),
    Action("go_right", ("right",), LIST, "→", "the same; from an open group, to its first session"),
    Action("go_left", ("left",), LIST, "←", "select the session's group; close a group"),
    Action("move_up", ("shift+up",), LIST, "Shift+↑", "move the session up in its group"),
    Action("move_down", ("shift+down",), LIST, "Shift+↓", "move the session down in its group"),
    Action("mark", ("x",), LIST, "x", "mark it; Ctrl+X Ctrl+T H ask about all that are marked"),
    Action("return", ("alt+left",), COMMAND, "Alt+←", "go to the session shown before"),
    Action(
        "peek",
        ("space",),
        LIST,
        "Space",
        "peek at the latest output, decide and reply",
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
        COMMAND,
        MAC_DIGITS,
        "the same, on terminals that turn Alt into signs",
    ),
    Action(
        "filter",
        ("slash",),
        COMMAND,
        "/",
        "filter the list: words, or s:blocked r:repository b:branch a:agent",
        "Filter the list",
        "filter",
    ),
    Action("clear_filter", ("escape",), LIST, "Esc", "unmark all; show all sessions again"),
    Action("jump_begin", ("g",), COMMAND, "g 1…9", "the same, in two keys"),
    Action("transcript", ("t",), COMMAND, "t", "show the transcript", "Transcript"),
    Action("diff", ("d",), COMMAND, "d", "show the diff", "Diff", "diff"),
    Action("comment", ("r",), COMMAND, "r", "comment on the chosen lines of the diff", "Comment"),
    Action(
        "send_comments",
        ("S",),
        COMMAND,
        "S",
        "list the comments, and send them as one message",
        "Send comments",
    ),
    Action("info", ("i",), COMMAND, "i", "show worktree, costs, process, how to land", "Info"),
    Action("checks", ("C",), COMMAND, "C", "show the repository's checks and run them", "Checks"),
    Action("run_checks", ("V",), COMMAND, "V", "run all checks", "Run all checks", alone=True),
    Action(
        "send_check",
        ("P",),
        COMMAND,
        "P",
        "send the agent the last lines of the check that failed last, or is under the cursor",
        "Send the failed check to the agent",
        alone=True,
    ),
    Action("explain", ("w",), COMMAND, "w", "say why the session is in this state", "Explain"),
    Action("mode", ("m",), COMMAND, "m", "change the permission mode", "Permission mode"),
    Action(
        "respawn",
        ("R",),
        COMMAND,
        "R",
        "resume: continue an interrupted turn, or restart the agent",
        "Resume",
        alone=True,
    ),
    Action(
        "shell",
        ("o",),
        COMMAND,
        "o",
        "open a shell in the worktree",
        "Shell in worktree",
        alone=True,
    ),
    Action(
        "edit",
        ("E",),
        COMMAND,
        "E",
        "open $EDITOR in the worktree; in the diff, at the line",
        "Editor in worktree",
        alone=True,
    ),
    Action(
        "attach",
        ("T",),
        COMMAND,
        "T",
        "open the conversation in this terminal",
        "Attach",
        alone=True,
    ),
    Action("undo", ("u",), COMMAND, "u", "undo the last delete", "Undo delete", alone=True),
    Action("trash", ("U",), COMMAND, "U", "list the trash, and restore from it", "Trash"),
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
    Action("search", ("F",), COMMAND, "F", "search all transcripts", "Search all transcripts"),
    Action("archive", ("H",), COMMAND, "H", "archive, or take back from the archive", "Archive"),
    Action("snooze", ("Z",), COMMAND, "Z", "snooze for some time, or wake", "Snooze"),
    Action(
        "group",
        ("ctrl+s",),
        EVERYWHERE,
        "Ctrl+S",
        "group the list by state or by directory",
        "Group by state or directory",
        priority=True,
    ),
    _decision("allow", "y", "allow once; send the answers; approve the plan"),
    _decision("always", "a", "allow by the rule shown, for this session"),
    _decision(
        "always_repository",
        "A",
        "allow by the rule shown, saved in the file shown, for every session of the repository",
    ),
    _decision("deny", "n", "deny; keep planning"),
    _decision("deny_message", "N", "deny, and say what to do instead"),
    _decision("edit_input", "e", "edit what would run, then allow it"),
    _decision("own_words", "f", "answer a question in your own words"),
    _decision("choose", "123456789", "choose an answer; approve the plan into a mode", shown="1…9"),
    Action(
        "inbox", ("I",), COMMAND, "I", "list all requests, and decide on one or several", "Inbox"
    ),
    Action("skip", ("s",), COMMAND, "s", "skip: show the request that waits longest after this"),
    Action("read_on", ("J",), COMMAND, "J", "scroll the request on, wherever the focus is"),
    Action("read_back", ("K",), COMMAND, "K", "scroll the request back"),
    Action(
        "next_question", ("greater_than_sign",), COMMAND, ">", "go to the next question of several"
    ),
    Action("previous_question", ("less_than_sign",), COMMAND, "<", "go to the question before"),
    Action("zone_next", ("tab",), EVERYWHERE, "Tab", "list → request → input", priority=True),
    Action("zone_back", ("shift+tab",), EVERYWHERE, "Shift+Tab", "back", priority=True),
    Action("back", ("left",), VIEW, "←", "back to the list", priority=True),
    Action(
        "escape",
        ("escape",),
        SESSION,
        "Esc",
        "back to the list; in the input, first clear the text (↑ brings it back; also ←)",
    ),
    Action(
        "interrupt",
        ("ctrl+c",),
        EVERYWHERE,
        "Ctrl+C",
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
    Action("help", ("question_mark", "f1"), COMMAND, "?", "this help", "Help", "help"),
    Action(
        "quit", ("q",), COMMAND, "q", "close the screen; sessions keep working", "Quit", alone=True
    ),
    Action(
        "quit_anywhere",
        ("ctrl+q",),
        EVERYWHERE,
        "Ctrl+Q",
        "close the screen, from anywhere",
        priority=True,
    ),
)
