"""Which sessions the list shows, in which groups and order; pure functions.

Keep true: sessions that need the user come first; the order depends on facts that seldom change, so
that rows do not jump about; a session is in exactly one group.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal, get_args

from parallel_agents.core.aside import Aside, aside
from parallel_agents.core.label import derive
from parallel_agents.core.state import Request, SessionState

Work = Literal["needs", "failed", "working", "review", "done", "idle"]
Group = Literal["pinned", Work, Aside]
By = Literal["state", "directory"]

TITLES: dict[Group, str] = {
    "pinned": "PINNED",
    "needs": "NEEDS INPUT",
    "failed": "FAILED",
    "review": "READY FOR REVIEW",
    "working": "WORKING",
    "done": "DONE",
    "idle": "IDLE",
    "snoozed": "SNOOZED",
    "archived": "ARCHIVED",
}
_ORDER: tuple[Group, ...] = tuple(TITLES)
_ASIDE: tuple[Aside, ...] = get_args(Aside)


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part of the list.

    Attributes:
        title: raw text.
        sessions: ids, in order.
        key: what identifies it while titles and sessions change: its group, or a directory.
    """

    title: str
    sessions: tuple[str, ...]
    key: str = ""


def group_of(state: SessionState) -> Group:
    """Find the group of a session, whether or not it is pinned."""
    return aside(state) or work_of(state)


def work_of(state: SessionState) -> Work:
    """Find the group of a session from its work alone, whether or not it was put aside.

    Args:
        state: the session's facts.

    Returns:
        `review` for finished work that has changes or has not been looked at, also once it is
            stopped.
    """
    # A paint of many sessions asks this several times for each; facts never change in place.
    known = _WORK.get(state.id)
    if known is None or known[0] is not state:
        if len(_WORK) >= _KNOWN:
            _WORK.clear()
        known = _WORK[state.id] = (state, _work(state))
    return known[1]


_KNOWN = 4_096
_WORK: dict[str, tuple[SessionState, Work]] = {}
"""By id of the session: its latest facts that were asked about, and what they came to."""


def _work(state: SessionState) -> Work:
    match derive(state).state:
        case "blocked":
            return "needs"
        case "failed":
            return "failed"
        case "working":
            return "working"
        case "done":
            return _finished(state)
        case "stopped":
            return _stopped(state)
        case "idle":
            return "idle"


def _finished(state: SessionState) -> Work:
    return "review" if state.place.changes.files or state.unread else "done"


def _stopped(state: SessionState) -> Work:
    """Find where a stopped session stays: a stop ends its process, and hides no result."""
    if state.place.missing or state.dialogue.messages or not state.turn.is_over:
        return "idle"
    match state.turn.outcome:
        case "ok":
            return _finished(state)
        case "error":
            return "failed"
        case _:
            return "idle"


def listed(state: SessionState) -> bool:
    """Whether the list has the session: not from the moment that somebody deletes it."""
    return not state.session.deleted and not state.session.deleting


def needs_person(state: SessionState) -> bool:
    """Whether the session asks something, like those under `NEEDS INPUT`; it may be pinned."""
    return listed(state) and group_of(state) == "needs"


def rings(state: SessionState) -> bool:
    """Whether to ring the bell for a session: it asks something, or has failed unseen."""
    failed = listed(state) and group_of(state) == "failed" and state.unread
    return failed or needs_person(state)


def arrange(states: Iterable[SessionState], by: By) -> list[Section]:
    """Arrange sessions in sections.

    Args:
        states: facts of all sessions; those that are not `listed` are left out.
        by: state, or the repository that they work in.

    Returns:
        Sections with at least one session each.
    """
    present = [state for state in states if listed(state)]
    if by == "directory":
        return _by_directory(present)
    found: dict[Group, list[SessionState]] = {}
    for state in present:
        found.setdefault(_shown_in(state), []).append(state)
    return [_section(TITLES[group], group, found[group]) for group in _ORDER if group in found]


def _shown_in(state: SessionState) -> Group:
    group = group_of(state)
    return "pinned" if state.session.pinned and group not in _ASIDE else group


def _by_directory(states: list[SessionState]) -> list[Section]:
    found: dict[str, list[SessionState]] = {}
    put_aside: dict[Aside, list[SessionState]] = {}
    for state in states:
        if (how := aside(state)) is not None:
            put_aside.setdefault(how, []).append(state)
        else:
            found.setdefault(repository(state), []).append(state)
    names = {root: PurePath(root).name or root for root in found}
    twice = {name for name in names.values() if list(names.values()).count(name) > 1}
    return [
        *(
            _section(root if names[root] in twice else names[root], root, found[root])
            for root in sorted(found)
        ),
        *(_section(TITLES[how], how, put_aside[how]) for how in _ASIDE if how in put_aside),
    ]


def repository(state: SessionState) -> str:
    """The root of the session's repository, or the directory that it was dispatched in."""
    return state.place.worktree.root if state.place.worktree else state.place.directory


def _section(title: str, key: str, states: list[SessionState]) -> Section:
    return Section(title, tuple(state.id for state in sorted(states, key=_rank)), key)


def _rank(state: SessionState) -> tuple[bool, int, int, str]:
    group = group_of(state)
    if group == "needs":
        since = state.dialogue.requests[0].asked_at
    elif group in {"review", "done", "archived"}:
        since = -state.turn.ended_at
    else:
        since = state.session.created_at
    return (not state.session.pinned, _ORDER.index(group), since, state.id)


def in_order(sections: list[Section]) -> list[str]:
    """List all ids from top to bottom."""
    return [session for section in sections for session in section.sessions]


def waiting(states: Iterable[SessionState]) -> list[tuple[str, Request]]:
    """List all pending requests with their sessions' ids, the one that waits longest first."""
    pending = [
        (state.id, request)
        for state in states
        if listed(state) and state.process.is_there
        for request in state.dialogue.requests
    ]
    return sorted(pending, key=lambda entry: (entry[1].asked_at, entry[0], entry[1].seq))


def neighbours(sections: list[Section], session: str | None) -> list[str]:
    """List who may take the place of a session, nearest first.

    Args:
        sections: the list.
        session: the session to replace.

    Returns:
        Ids of its own section first: those below it, then those above it, upwards; then those of
            the sections below and above.
    """
    at = next((i for i, section in enumerate(sections) if session in section.sessions), None)
    if at is None or session is None:
        return []
    inside = sections[at].sessions
    here = inside.index(session)
    below, above = in_order(sections[at + 1 :]), in_order(sections[:at])
    return [*inside[here + 1 :], *inside[:here][::-1], *below, *above[::-1]]


def next_needing(
    order: list[str], states: dict[str, SessionState], after: str | None
) -> str | None:
    """Find the next session that needs the user.

    Args:
        order: ids from top to bottom.
        states: facts by id.
        after: the session to continue from; the search wraps around and ends with it.

    Returns:
        Its id: one that asks first, then one that failed unseen, then one that finished; None if
            there is none.
    """
    start = order.index(after) + 1 if after in order else 0
    ring = order[start:] + order[:start]
    asking = [session for session in ring if needs_person(states[session])]
    failed = [session for session in ring if rings(states[session])]
    finished = [s for s in ring if states[s].unread and aside(states[s]) is None]
    return next(iter(asking or failed or finished), None)
