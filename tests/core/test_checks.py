"""The facts of checks: bounded, true to the files that were judged, whatever comes in any order."""

from __future__ import annotations

from typing import Any

from hypothesis import given, strategies as st

from parallel_agents.core import events as ev
from parallel_agents.core.check_facts import CHECKS, ChecksFacts
from parallel_agents.core.reduce.checks import fold_checks

NAMES = st.sampled_from(["lint", "tests", "types"])
TREES = st.sampled_from(["", "one", "two"])
EVENTS: st.SearchStrategy[ev.CheckEvent] = st.one_of(
    st.builds(ev.ChecksAsked, names=st.lists(NAMES, max_size=4).map(tuple)),
    st.builds(ev.ChecksStopped, reason=st.just("asked")),
    st.builds(ev.CheckStarted, name=NAMES, command=st.just("make"), tree=TREES),
    st.builds(ev.CheckOutput, name=NAMES, size=st.integers(0, 9)),
    st.builds(ev.CheckEnded, name=NAMES, code=st.integers(0, 2), tree=TREES),
    st.builds(ev.TreeSeen, tree=TREES),
)


def fold(*events: ev.CheckEvent) -> ChecksFacts:
    facts = ChecksFacts()
    for at, event in enumerate(events):
        facts = fold_checks(facts, event, at)
    return facts


@given(st.lists(EVENTS, max_size=30))
def test_one_result_for_each_name_and_none_waits_twice(events: list[Any]) -> None:
    facts = fold(*events)
    names = [result.name for result in facts.results]
    assert len(names) == len(set(names)) <= CHECKS
    assert len(facts.waiting) == len(set(facts.waiting))
    assert set(names) | set(facts.waiting) <= set(facts.names)
    assert facts.busy == bool(facts.waiting or facts.running)


@given(st.lists(EVENTS, max_size=30), NAMES, TREES)
def test_a_check_that_started_and_ended_has_a_result_of_its_tree(
    events: list[Any], name: str, tree: str
) -> None:
    started = ev.CheckStarted(name=name, command="make", tree=tree)
    facts = fold(*events, started, ev.CheckEnded(name=name, code=0, tree=tree))
    result = facts.result(name)
    assert result is not None
    assert (result.tree, result.moved, result.passed) == (tree, False, True)
    assert facts.running is None
    assert name not in facts.waiting


def test_a_result_is_stale_once_the_files_are_others() -> None:
    ran = (
        ev.CheckStarted(name="tests", command="make", tree="one"),
        ev.CheckEnded(name="tests", code=0, tree="one"),
    )
    facts = fold(*ran)
    (result,) = facts.results
    assert not facts.is_stale(result)
    assert fold(*ran, ev.TreeSeen(tree="two")).is_stale(result)
    assert not fold(*ran, ev.TreeSeen(tree="two"), ev.TreeSeen(tree="one")).is_stale(result)


def test_a_check_that_changes_files_is_stale_at_once() -> None:
    facts = fold(
        ev.CheckStarted(name="tests", command="make", tree="one"),
        ev.CheckEnded(name="tests", code=0, tree="two"),
    )
    assert facts.results[0].moved
    assert facts.is_stale(facts.results[0])


def test_what_is_not_known_is_not_called_stale() -> None:
    facts = fold(ev.CheckStarted(name="tests", command="make"), ev.CheckEnded(name="tests", code=1))
    assert facts.results[0].failed
    assert not facts.is_stale(facts.results[0])


def test_one_asked_for_again_while_it_runs_runs_again() -> None:
    again = fold(
        ev.CheckStarted(name="tests", command="make", tree="one"),
        ev.ChecksAsked(names=("tests",)),
        ev.CheckEnded(name="tests", code=0, tree="one"),
    )
    assert again.waiting == ("tests",)
    assert not again.results[0].asked
    ended = fold(
        ev.ChecksAsked(names=("tests", "lint")),
        ev.CheckStarted(name="tests", command="make"),
        ev.CheckEnded(name="tests", code=0),
        ev.CheckEnded(name="lint", code=126, ending="unable"),
    )
    assert [(each.name, each.asked) for each in ended.results] == [("tests", True), ("lint", True)]
    assert not ended.busy
