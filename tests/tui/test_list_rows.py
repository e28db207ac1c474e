"""Which rows the list has: collapsed and folded groups."""

from __future__ import annotations

from hypothesis import given, strategies as st

from parallel_agents.core.state import SessionState
from parallel_agents.tui.model.grouping import Section, arrange, in_order
from parallel_agents.tui.model.list_rows import (
    FOLD,
    Place,
    Rows,
    lay_out,
    moved,
    put_in_order,
    section_of,
    stops,
)
from tests.support.facts import facts_of

DONE = [facts_of(id=f"d{n}", outcome="ok") for n in range(12)]
WORKING = facts_of(id="w", liveness="alive", running=True)
NOWHERE = Place("session", "")


def laid(
    states: list[SessionState],
    collapsed: tuple[str, ...] = (),
    unfolded: tuple[str, ...] = (),
    selected: str | None = None,
) -> list[Rows]:
    sections = arrange(states, "state")
    return lay_out(sections, {s.id: s for s in states}, collapsed, unfolded, selected)


def test_a_long_group_of_finished_work_is_folded() -> None:
    working, done = laid([*DONE, WORKING])
    assert working.shown == ("w",)
    assert done.shown == done.section.sessions[:FOLD]
    assert len(done.hidden) == len(DONE) - FOLD
    assert laid(DONE, unfolded=("done",))[0].hidden == ()


def test_no_line_stands_for_a_single_session() -> None:
    assert laid(DONE[: FOLD + 1])[0].hidden == ()
    assert len(laid(DONE[: FOLD + 2])[0].hidden) == 2


def test_the_selected_session_and_news_are_not_folded_away() -> None:
    last = arrange(DONE, "state")[0].sessions[-1]
    assert last in laid(DONE, selected=last)[0].shown
    idle = [facts_of(id=f"i{n:02}", created_at=n, unread=n == 9) for n in range(12)]
    assert "i09" in laid(idle)[0].shown


def test_a_closed_group_shows_at_most_the_selected_session() -> None:
    (closed,) = laid(DONE, collapsed=("done",))
    assert closed.shown == ()
    assert laid(DONE, collapsed=("done",), selected="d3")[0].shown == ("d3",)


def test_the_arrows_go_through_closed_titles_and_folded_rests() -> None:
    rows = laid([*DONE, WORKING], collapsed=("working",))
    places = stops(rows, NOWHERE)
    assert places[0] == Place("title", "working")
    assert places[-1] == Place("rest", "done")
    assert Place("title", "done") not in places
    assert Place("title", "done") in stops(rows, Place("title", "done"))


def test_a_row_that_is_gone_has_no_section() -> None:
    rows = laid(DONE, unfolded=("done",))
    assert section_of(rows, Place("title", "done")) is rows[0]
    assert section_of(rows, Place("session", "d3")) is rows[0]
    assert section_of(rows, Place("rest", "done")) is None
    assert section_of(rows, Place("title", "failed")) is None


_KEYS = st.lists(st.sampled_from(["done", "working", "idle", "failed"]), unique=True).map(tuple)
_STATES = st.lists(
    st.builds(
        lambda number, outcome, unread: facts_of(id=f"s{number}", outcome=outcome, unread=unread),
        st.integers(0, 40),
        st.sampled_from(["none", "ok", "error", "interrupted"]),
        st.booleans(),
    ),
    unique_by=lambda state: state.id,
    max_size=30,
)


@given(_STATES, _KEYS, _KEYS)
def test_everybody_is_shown_or_hidden_once_and_no_failure_is_folded_away(
    states: list[SessionState], collapsed: tuple[str, ...], unfolded: tuple[str, ...]
) -> None:
    rows = laid(states, collapsed, unfolded)
    everyone = [session for part in rows for session in (*part.shown, *part.hidden)]
    assert sorted(everyone) == sorted(in_order(arrange(states, "state")))
    by_id = {state.id: state for state in states}
    for part in rows:
        if not part.collapsed:
            assert not any(by_id[session].unread for session in part.hidden)
    places = stops(rows, NOWHERE)
    assert len(places) == len(set(places))
    assert all(section_of(rows, place) is not None for place in places)


_IDS = st.lists(st.sampled_from("abcdefgh"), unique=True)


@given(_IDS, _IDS)
def test_moved_sessions_are_in_their_order_and_others_stay(usual: list[str], by: list[str]) -> None:
    section = put_in_order(Section("A", tuple(usual)), by)
    assert sorted(section.sessions) == sorted(usual)
    assert [s for s in section.sessions if s in by] == [s for s in by if s in usual]
    others = [(i, s) for i, s in enumerate(usual) if s not in by]
    assert all(section.sessions[i] == s for i, s in others)


@given(_IDS.filter(bool), st.data())
def test_a_move_changes_places_with_a_neighbour_or_nothing(
    usual: list[str], data: st.DataObject
) -> None:
    section, session = Section("A", tuple(usual)), data.draw(st.sampled_from(usual))
    down = moved(section, session, 1)
    last = usual[-1] == session
    assert down == section.sessions if last else down.index(session) == usual.index(session) + 1
    assert moved(Section("A", down), session, -1) == section.sessions or last
