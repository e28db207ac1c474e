"""The lines around the panes: a summary of all sessions, and details of the selected one."""

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePath

from parallel_agents.core.errors import UserError
from parallel_agents.core.events import WorktreeReady
from parallel_agents.core.label import derive
from parallel_agents.core.state import SessionState
from parallel_agents.tui.model.grouping import group_of, listed, needs_person, repository
from parallel_agents.tui.model.key_table import KeyTable
from parallel_agents.tui.text.patch_lines import line_counts
from parallel_agents.tui.text.spans import Span, cells, flat
from parallel_agents.tui.text.styles import Ink
from parallel_agents.tui.widgets.sidebar import mark

NAME = "parallel-agents"
Pair = tuple[list[Span], list[Span]]
_GAP = 2
"""Cells that stay free between the two ends of a line."""


def summary(states: Iterable[SessionState]) -> list[tuple[str, str]]:
    """Count the sessions as the list groups them; returns pairs of a kind and words."""
    present = [state for state in states if listed(state)]
    groups = Counter(group_of(state) for state in present)
    needing = sum(1 for state in present if needs_person(state))
    return [
        (kind, f"{number} {words}")
        for kind, number, words in (
            ("need", needing, "needs you" if needing == 1 else "need you"),
            ("failed", groups["failed"], "failed"),
            ("working", groups["working"], "working"),
            ("review", groups["review"], "to review"),
        )
        if number
    ]


def title(states: Iterable[SessionState]) -> str:
    """Return the terminal's title."""
    words = [said for kind, said in summary(states) if kind == "need"]
    return f"({words[0]}) {NAME}" if words else NAME


def top(
    states: list[SessionState],
    selected: SessionState | None,
    problem: UserError | None,
    ink: Ink,
    width: int,
    *,
    cost: float = 0.0,
    reading: bool = False,
) -> Pair:
    """Make the first line: what needs the user, which repository, the total cost.

    If not everything fits, our name is left out first, then repository and cost.

    Args:
        states: facts of all sessions.
        selected: the selected session.
        problem: why there is no connection.
        ink: the styles.
        width: cells of the whole line.
        cost: of all sessions, with those in the trash, in US dollars.
        reading: whether the supervisor still has sessions to send.
    """
    left: list[Span] = []
    for number, (kind, said) in enumerate(summary(states)):
        left += [Span(" · " if number else " ", ink.faint)]
        left += [Span(said, {"need": ink.need, "failed": ink.bad}.get(kind, ink.muted))]
    if problem is not None:
        left += [Span("   ", ink.text), flat("not connected, trying again …", ink.need)]
    elif reading and states:
        left += [Span("   loading sessions …", ink.muted)]
    right: list[Span] = []
    if selected is not None:
        right.append(flat(PurePath(repository(selected)).name, ink.muted))
    if cost:
        right.append(Span(f"   total ${cost:.2f}", ink.muted))
    return _widest(Span(f" {NAME}  ", ink.strong), left, [*right, Span(" ", ink.text)], width)


def _widest(name: Span, left: list[Span], right: list[Span], width: int) -> Pair:
    if not left or cells([name, *left, *right]) + _GAP <= width:
        return [name, *left], right
    return left, right if cells([*left, *right]) + _GAP <= width else []


def session_line(state: SessionState, ink: Ink) -> Pair:
    """Make the session's own line: state, name, branch, base, size of its diff."""
    label = derive(state)
    worktree = state.place.worktree
    style = (
        ink.need if label.state == "blocked" else ink.bad if label.state == "failed" else ink.muted
    )
    left = [Span(f" {mark(state)} ", style), flat(state.session.name or state.id, ink.strong)]
    left += [Span("  ", ink.text), Span(label.shown, style)]
    if worktree is not None:
        left += _place(state, worktree, ink)
    changes = state.place.changes
    right: list[Span] = []
    if drafts := len(state.review.drafts):
        noun = "comment" if drafts == 1 else "comments"
        right.append(Span(f"{drafts} {noun} to send   ", ink.need))
    if changes.files:
        noun = "file" if changes.files == 1 else "files"
        right += [
            *line_counts(changes.insertions, changes.deletions, ink),
            Span(f" · {changes.files} {noun} ", ink.muted),
        ]
    return left, right


def _place(state: SessionState, worktree: WorktreeReady, ink: Ink) -> list[Span]:
    """Show branch and base, or warn that the session has no worktree of its own."""
    gap = Span("  ", ink.text)
    if alarm := state.place.traits.alarm:
        return [gap, Span(alarm, ink.bad)]
    if not worktree.branch:
        return [gap, flat(worktree.path, ink.muted)]
    where = [state.place.branch or "", state.place.head.detached if state.place.head else ""]
    branch = [gap, flat(", ".join(filter(None, where)), ink.muted)]
    return [*branch, Span(" ← ", ink.faint), flat(worktree.base, ink.muted)]


def tabs(
    titles: Iterable[tuple[str, bool]], state: SessionState, ink: Ink, *, focused: bool = False
) -> Pair:
    """Show the names of the panes, with the shown one marked, and again if it has the focus.

    Args:
        titles: of each pane, and whether it is shown.
        state: facts of the session.
        ink: the styles.
        focused: whether the shown one has the focus.
    """
    left = [Span(" ", ink.text)]
    for title, chosen in titles:
        left += [_titled(title, ink, chosen=chosen, focused=focused), Span("   ", ink.text)]
    return left, model_words(state, ink)


def pane_title(
    title: str, ink: Ink, *, focused: bool, other: SessionState | None = None
) -> list[Span]:
    """Write the line above one of several panes.

    Args:
        title: the pane's.
        ink: the styles.
        focused: whether it has the focus.
        other: facts of the session that it shows, if that is not the selected one.
    """
    left = [Span(" ", ink.text), _titled(title, ink, chosen=True, focused=focused)]
    if other is None:
        return left
    label = derive(other)
    style = ink.need if label.state == "blocked" else ink.muted
    name = flat(other.session.name or other.id, ink.strong)
    return [*left, Span("  ", ink.text), name, Span(f"  {label.shown}", style)]


def _titled(title: str, ink: Ink, *, chosen: bool, focused: bool) -> Span:
    style = (ink.link if focused else ink.strong) if chosen else ink.muted
    return Span(f"{_mark(chosen=chosen, focused=focused)}{title}", style)


def model_words(state: SessionState, ink: Ink) -> list[Span]:
    """Name model and permission mode, for the right end of a line."""
    mode = state.conversation.mode or state.session.options.mode or ""
    model = state.conversation.model or state.session.options.model or ""
    words = " · ".join(part for part in (model, mode) if part)
    return [flat(words, ink.muted), Span(" ", ink.text)]


def _mark(*, chosen: bool, focused: bool) -> str:
    return " " if not chosen else "▌" if focused else "▸"


_MOVE = ("↑↓", "move")
_BACK = ("escape", "list")
_HELP = ("help", "help")
_HINTS: dict[str, list[tuple[str, str]]] = {
    "input": [
        ("Enter", "send"),
        ("Ctrl+J", "new line"),
        ("Esc", "clear, then back"),
        ("next_needing", "next needing you"),
        ("interrupt", "interrupt"),
    ],
    "filter": [
        ("Enter", "keep"),
        ("Esc", "show all"),
        ("↑↓", "select"),
        ("s: r: b: a:", "state, repository, branch, agent"),
    ],
    "request": [("↑↓", "scroll"), ("skip", "skip"), ("zone_next", "input"), _BACK, _HELP],
    "transcript": [_MOVE, ("fold", "fold"), ("diff", "diff"), ("info", "info"), _BACK, _HELP],
    "diff": [
        ("previous_hunk next_hunk", "hunk"),
        ("previous_file next_file", "file"),
        ("open", "fold"),
        ("comment", "comment"),
        ("send_comments", "send"),
        ("viewed", "viewed"),
        ("choose_scope", "compare with"),
        ("edit", "edit"),
        ("transcript", "transcript"),
        _BACK,
        _HELP,
    ],
    "checks": [
        ("run_check", "run"),
        ("run_checks", "run all"),
        ("stop_checks", "stop"),
        ("turn", "output"),
        ("send_check", "send to the agent"),
        _BACK,
        _HELP,
    ],
    "info": [_MOVE, ("transcript", "transcript"), ("diff", "diff"), _BACK, _HELP],
}
"""What is shown for each place that is no list: ids of actions, or keys that nobody can rebind."""


def hints(keys: KeyTable, place: str, ink: Ink, width: int, extra: str = "") -> Pair:
    """Make the bottom line: where keys go, and a few of the keys that work there.

    Args:
        keys: the keys that count.
        place: the list, a pane, the request or the input.
        ink: the styles.
        width: cells of the line; hints that do not fit completely are left out.
        extra: text at the right end.
    """
    word = "typing" if place == "input" else place
    spans = [Span(" ", ink.text), flat(word, ink.link)]
    rows = [(a.id, a.hint) for a in keys.actions if a.hint and "list" in a.zones]
    pairs = [(_written(keys, ids), does) for ids, does in _HINTS.get(place, rows)]
    for key, does in _fitting(pairs, width - len(extra) - len(word) - 6):
        spans += [Span("   ", ink.muted), Span(key, ink.text), Span(f" {does}", ink.muted)]
    return spans, [flat(extra, ink.muted)] if extra else []


def _written(keys: KeyTable, ids: str) -> str:
    names = ids.split(" ")
    return keys.shown(*names) if keys.by_id.keys() >= set(names) else ids


def _fitting(pairs: list[tuple[str, str]], room: int) -> list[tuple[str, str]]:
    """Drop hints that do not fit, from the end; the one that leads to all keys stays."""
    kept = list(pairs)
    while kept and sum(len(key) + len(does) + 4 for key, does in kept) - 3 > room:
        kept.pop(-2 if kept[-1][1] == "help" and len(kept) > 1 else -1)
    return kept
