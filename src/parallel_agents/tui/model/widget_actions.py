"""The keys that the focused widget or dialog carries out itself, as rows like `actions.py` has.

Keep true: a widget has no other keys of its own, except those of a text field, which are listed
here for the reader and cannot be rebound.
"""

from parallel_agents.tui.model.actions import Action


def _of(place: str, name: str, keys: str, shown: str, call: str, help_: str) -> Action:
    """A row for a widget: `keys` are Textual's names with spaces between them."""
    return Action(name, tuple(keys.split()), frozenset(), shown, help_, place=place, call=call)


WIDGET_ACTIONS: tuple[Action, ...] = (
    _of("lines", "line_up", "up k", "↑ k", "cursor(-1)", "move up"),
    _of("lines", "line_down", "down j", "↓ j", "cursor(1)", "move down"),
    _of("lines", "copy", "Y", "Y", "copy_block", "copy what is selected or under the cursor"),
    _of(
        "transcript",
        "fold",
        "enter space",
        "Enter",
        "fold",
        "open or fold what is under the cursor",
    ),
    _of("transcript", "fold_all", "z", "z", "fold_all", "unfold everything, or fold it"),
    _of(
        "diff",
        "open",
        "enter space",
        "Enter",
        "open",
        "go to the file, or fold it; on a comment: change it, or resolve it",
    ),
    _of("diff", "next_hunk", "right_square_bracket", "]", "hunk(1)", "next hunk"),
    _of("diff", "previous_hunk", "left_square_bracket", "[", "hunk(-1)", "previous hunk"),
    _of("diff", "choose_up", "shift+up", "Shift+↑", "extend(-1)", "choose one line more above"),
    _of("diff", "choose_down", "shift+down", "Shift+↓", "extend(1)", "choose one line more below"),
    _of("diff", "next_comment", "right_parenthesis", ")", "comment(1)", "next comment"),
    _of("diff", "previous_comment", "left_parenthesis", "(", "comment(-1)", "previous comment"),
    _of("diff", "delete_comment", "delete", "Del", "delete", "take the comment back"),
    _of("diff", "next_file", "right_curly_bracket", "}", "file(1)", "next file"),
    _of("diff", "previous_file", "left_curly_bracket", "{", "file(-1)", "previous file"),
    _of("diff", "reject", "X", "X", "reject", "take the hunk, or the file, out of the worktree"),
    _of("diff", "undo_reject", "z", "z", "undo_reject", "put back what was taken out last"),
    _of("diff", "scope", "full_stop", ".", "scope", "compare with something else: the next"),
    _of("diff", "choose_scope", "b", "b", "choose_scope", "choose what to compare with"),
    _of(
        "diff",
        "viewed",
        "v",
        "v",
        "viewed",
        "mark the file as viewed, and go to the next one; again: take the mark back",
    ),
    _of(
        "diff",
        "file_filter",
        "p",
        "p",
        "file_filter",
        "show only files whose path has a word; Esc shows all",
    ),
    _of("checks", "run_check", "enter", "Enter", "run_check", "run the check under the cursor"),
    _of("checks", "turn", "space", "Space", "turn", "show or hide what it printed"),
    _of("checks", "stop_checks", "x", "x", "stop_checks", "stop the checks"),
    _of("inbox", "mark_request", "x", "x", "mark(False)", "mark the request"),
    _of("inbox", "mark_alike", "X", "X", "mark(True)", "mark all that ask for the same"),
    _of("inbox", "decide_marked", "enter", "Enter", "decide", "decide on all that are marked"),
    _of(
        "filter",
        "keep_filter",
        "enter",
        "Enter",
        "leave(True)",
        "keep the filter, back to the list",
    ),
    _of("filter", "drop_filter", "escape", "Esc", "leave(False)", "show all sessions again"),
    _of("filter", "filter_up", "up", "↑", "step(-1)", "select the session above"),
    _of("filter", "filter_down", "down", "↓", "step(1)", "select the session below"),
)

PLACES: dict[str, str] = {
    "lines": "Transcript, diff, info",
    "transcript": "Transcript",
    "diff": "Diff",
    "checks": "Checks",
    "inbox": "Inbox",
    "filter": "Filter",
}
"""The places of widgets, as people call them."""

TEXT_KEYS: tuple[tuple[str, str, str], ...] = (
    ("Input", "Enter", "send"),
    ("Input", "Ctrl+J", "start a new line"),
    ("Input", "↑ ↓", "earlier messages, when on the first or last line"),
    ("Input", "Alt+U", "unfold the pasted text at the cursor, or all of them; again: fold them"),
    ("Input", "Tab", "accept a completion of `/command` or `@file`"),
    ("Transcript, diff, info", "PgUp PgDn Home End", "scroll"),
    ("New session", "Enter", "start it; the input takes the next task"),
    ("New session", "Ctrl+O, Shift+Enter", "start it and go into it"),
    ("New session", "@", "choose an agent, a repository or a file"),
    ("New session", "#12 Enter", "go to the session of a pull request, or start from it"),
    ("New session", "Esc", "leave; the text stays as a draft"),
    ("New session", "↑ ↓", "earlier tasks, when on the first or last line"),
    ("New session", "Tab", "where it starts and how: directory, base, branch, mode, agent"),
    ("New session", "Alt+M Alt+P Alt+E", "the next permission mode, model, effort"),
    ("New session", "Alt+T", "make the task of a template; Tab goes to its next field"),
    ("New session", "Ctrl+G", "write the task in $EDITOR"),
    ("Everywhere", "Ctrl+P", "palette: everything by name"),
)
"""Keys of text fields and of Textual itself: where, which keys, what they do."""
