"""The list's groups and order."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core.events import WorktreeReady
from parallel_agents.core.label import derive
from parallel_agents.core.place import Counts
from parallel_agents.core.state import (
    Message,
    Outcome,
    ProcessFacts,
    Request,
    SessionState,
    TurnFacts,
)
from parallel_agents.tui.model.grouping import (
    Section,
    arrange,
    group_of,
    in_order,
    neighbours,
    next_needing,
)
from parallel_agents.tui.screens.header import summary, title
from parallel_agents.tui.widgets.sidebar import mark
from tests.support.facts import facts_of


def asks(session: str, at: int) -> SessionState:
    request = Request(
        id="r", kind="permission", tool_name="Bash", input={}, digest="d", asked_at=at, seq=1
    )
    return facts_of(id=session, liveness="alive", requests=(request,))


WORKING = facts_of(id="w", liveness="alive", running=True)
DONE = facts_of(id="d", outcome="ok")
REVIEW = facts_of(id="r", outcome="ok", changes=Counts(files=1))
FAILED = facts_of(id="f", outcome="error", unread=True)
IDLE = facts_of(id="i")


def test_who_needs_the_person_stands_first_and_waits_longest_on_top() -> None:
    states = [DONE, IDLE, WORKING, REVIEW, FAILED, asks("late", 9), asks("early", 1)]
    assert in_order(arrange(states, "state")) == ["early", "late", "f", "r", "w", "d", "i"]


def test_finished_work_is_ordered_by_the_end_of_its_turn_latest_first() -> None:
    work = [
        facts_of(REVIEW, id=name, turn=TurnFacts(outcome="ok", ended_at=at), process=process)
        for name, at, process in (
            ("first", 1, ProcessFacts(ended_at=90)),
            ("second", 2, ProcessFacts(liveness="alive")),
            ("third", 3, ProcessFacts(ended_at=80)),
        )
    ]
    assert in_order(arrange(work, "state")) == ["third", "second", "first"]


def stopped(outcome: Outcome, **more: Any) -> SessionState:
    """A session that a person stopped after its turn had this outcome."""
    turn = TurnFacts(outcome=outcome, started_at=1, ended_at=2)
    return facts_of(id="s", turn=turn, stopped="person", **more)


@pytest.mark.parametrize(
    ("state", "group"),
    [
        (stopped("ok", changes=Counts(files=1)), "review"),
        (stopped("ok", unread=True), "review"),
        (stopped("ok"), "done"),
        (stopped("error"), "failed"),
        (stopped("interrupted"), "idle"),
        (stopped("cut"), "idle"),
        (stopped("ok", missing="gone"), "idle"),
        (stopped("ok", messages=(Message(uuid="m", text="go"),)), "idle"),
        (facts_of(stopped("ok"), started_at=3), "idle"),
    ],
)
def test_a_stop_hides_no_finished_work(state: SessionState, group: str) -> None:
    assert group_of(state) == group
    assert derive(state).state == "stopped"


def test_the_mark_of_a_stopped_session_shows_that_no_process_lives() -> None:
    alive = facts_of(REVIEW, liveness="alive")
    assert (mark(alive), mark(stopped("ok", unread=True)), mark(stopped("error"))) == (
        "✓",
        "○",
        "✗",
    )


def test_pinned_on_top_and_deleted_gone() -> None:
    pinned = facts_of(id="p", pinned=True)
    gone = facts_of(id="x", deleted=True)
    assert in_order(arrange([gone, asks("a", 1), pinned], "state")) == ["p", "a"]


def test_by_directory_names_alike_are_told_apart() -> None:
    def at(session: str, root: str) -> SessionState:
        tree = WorktreeReady(path=f"{root}/w", root=root, branch="b", base="m", base_commit="0")
        return facts_of(id=session, worktree=tree)

    states = [at("1", "/a/shop"), at("2", "/b/shop"), at("3", "/c/other")]
    titles = [section.title for section in arrange(states, "directory")]
    assert titles == ["/a/shop", "/b/shop", "other"]


def test_next_goes_round_and_prefers_who_asks() -> None:
    states = {s.id: s for s in (asks("a", 1), asks("b", 2), FAILED, DONE)}
    order = in_order(arrange(states.values(), "state"))
    assert next_needing(order, states, "a") == "b"
    assert next_needing(order, states, "f") == "a"
    assert next_needing(["d", "f"], states, "d") == "f"
    assert next_needing(["d"], states, "d") is None


def test_the_header_counts_what_the_list_groups() -> None:
    seen = facts_of(id="g", outcome="cut")
    pinned = facts_of(asks("p", 3), pinned=True)
    states = [asks("a", 1), asks("b", 2), pinned, FAILED, seen, WORKING, REVIEW, DONE, IDLE]
    sections = {s.title: len(s.sessions) for s in arrange(states, "state")}
    said = dict(summary(states))
    assert said["need"] == f"{sections['NEEDS INPUT'] + sections['PINNED']} need you"
    assert said["failed"] == f"{sections['FAILED']} failed"
    assert said["working"] == f"{sections['WORKING']} working"
    assert said["review"] == f"{sections['READY FOR REVIEW']} to review"
    assert title(states).startswith("(3 need you)")
    assert title([FAILED]) == "parallel-agents"


_STATES = st.sampled_from([WORKING, DONE, REVIEW, FAILED, IDLE, asks("a", 1)])


@given(st.lists(_STATES, unique_by=lambda state: state.id))
def test_everybody_is_in_the_list_once(states: list[SessionState]) -> None:
    ids = sorted(state.id for state in states)
    assert sorted(in_order(arrange(states, "state"))) == ids
    assert sorted(in_order(arrange(states, "directory"))) == ids


@given(st.lists(_STATES, unique_by=lambda state: state.id))
def test_everybody_else_is_a_neighbour_once_and_those_of_the_group_come_first(
    states: list[SessionState],
) -> None:
    sections = arrange(states, "state")
    for section in sections:
        for session in section.sessions:
            nearest = neighbours(sections, session)
            assert sorted([session, *nearest]) == sorted(in_order(sections))
            assert set(nearest[: len(section.sessions) - 1]) == set(section.sessions) - {session}


def test_neighbours_come_below_first_then_above_upwards() -> None:
    sections = [Section("A", ("a", "b")), Section("B", ("c", "d", "e", "f")), Section("C", ("g",))]
    assert neighbours(sections, "e") == ["f", "d", "c", "g", "b", "a"]
    assert neighbours(sections, "x") == neighbours(sections, None) == []
