"""Which rows the list has: groups open, collapsed or folded; pure functions.

Keep true: a session whose turn failed or that has news is never folded away, and neither is the
selected one; while a filter counts, everything that fits it is shown.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from parallel_agents.core.state import SessionState
from parallel_agents.tui.model.grouping import Section, group_of

FOLD = 5
"""How many sessions of a folded group are shown."""

FOLDING = frozenset({"done", "idle"})
"""Keys of the groups that fold by themselves: nothing in them waits for the user."""


class Place(NamedTuple):
    """A row that can be selected.

    Attributes:
        kind: a session, the title of a group, or the line that stands for folded sessions.
        key: the session's id, or the key of the group's section.
    """

    kind: Literal["session", "title", "rest"]
    key: str


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one section.

    Attributes:
        section: with all of its sessions.
        shown: ids of the sessions that have a row.
        collapsed: whether the user closed the group.
    """

    section: Section
    shown: tuple[str, ...]
    collapsed: bool = False

    @property
    def hidden(self) -> tuple[str, ...]:
        """Ids of the sessions without a row."""
        shown = set(self.shown)
        return tuple(session for session in self.section.sessions if session not in shown)


def lay_out(
    sections: list[Section],
    states: Mapping[str, SessionState],
    collapsed: Collection[str],
    unfolded: Collection[str],
    selected: str | None,
) -> list[Rows]:
    """Decide which sessions have a row.

    Args:
        sections: the list.
        states: facts by id.
        collapsed: keys of the groups that the user closed.
        unfolded: keys of the groups that the user unfolded.
        selected: the session that has a row in any case.
    """
    laid: list[Rows] = []
    for section in sections:
        if section.key in collapsed:
            shown = tuple(s for s in section.sessions if s == selected)
            laid.append(Rows(section, shown, collapsed=True))
        elif section.key in FOLDING and section.key not in unfolded:
            laid.append(_folded(section, states, selected))
        else:
            laid.append(Rows(section, section.sessions))
    return laid


def _folded(section: Section, states: Mapping[str, SessionState], selected: str | None) -> Rows:
    shown = tuple(
        session
        for index, session in enumerate(section.sessions)
        if index < FOLD or session == selected or _has_news(states[session])
    )
    # A line that stands for a single session takes as much room as the session.
    few = len(section.sessions) - len(shown) < 2
    return Rows(section, section.sessions if few else shown)


def _has_news(state: SessionState) -> bool:
    return state.unread or group_of(state) in {"needs", "failed"}


def put_in_order(section: Section, order: Sequence[str]) -> Section:
    """Put the sessions that the user moved in their order; all others stay where they are.

    Args:
        section: in its usual order.
        order: ids as the user put them; ids of other sections count for nothing.
    """
    inside = set(section.sessions)
    ordered = iter([session for session in order if session in inside])
    moved = set(order)
    sessions = [next(ordered) if one in moved else one for one in section.sessions]
    return replace(section, sessions=tuple(sessions))


def moved(section: Section, session: str, step: int) -> tuple[str, ...]:
    """List the sessions of a section after one of them changed places with a neighbour.

    Args:
        section: as it is shown.
        session: the one to move.
        step: 1 for down, -1 for up; at the end of the section, nothing changes.
    """
    order = list(section.sessions)
    here = order.index(session)
    there = max(0, min(here + step, len(order) - 1))
    order[here], order[there] = order[there], order[here]
    return tuple(order)


def stops(rows: list[Rows], cursor: Place) -> list[Place]:
    """List the rows that the arrows go through, from top to bottom.

    Args:
        rows: the rows of all sections.
        cursor: the selected row; the title of an open group is a stop only while it is selected.
    """
    places: list[Place] = []
    for part in rows:
        title = Place("title", part.section.key)
        if part.collapsed or title == cursor:
            places.append(title)
        places += [Place("session", session) for session in part.shown]
        if not part.collapsed and part.hidden:
            places.append(Place("rest", part.section.key))
    return places


def section_of(rows: list[Rows], place: Place) -> Rows | None:
    """Find the section that a row belongs to; None if the row is gone."""
    for part in rows:
        if place.kind == "session":
            if place.key in part.section.sessions:
                return part
        elif place.key == part.section.key:
            gone = place.kind == "rest" and (part.collapsed or not part.hidden)
            return None if gone else part
    return None
