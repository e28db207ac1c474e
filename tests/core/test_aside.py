"""Sessions that a person put out of the way."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core import events as ev
from parallel_agents.core.aside import aside
from parallel_agents.core.durations import LONGEST_MS, read_duration
from parallel_agents.core.errors import UsageError
from parallel_agents.core.label import derive
from parallel_agents.core.reduce import reduce
from parallel_agents.core.state import SessionState
from parallel_agents.tui.model.grouping import arrange, in_order
from tests.support.facts import LIVING, asked, facts_of, fold, journals

ARCHIVED, SNOOZED = ev.Archived(archived=True), ev.Snoozed(until=5)


def test_both_are_facts_and_are_taken_back() -> None:
    assert aside(fold(*LIVING)) is None
    assert aside(fold(*LIVING, SNOOZED)) == "snoozed"
    assert aside(fold(*LIVING, SNOOZED, ARCHIVED)) == "archived"
    assert aside(fold(*LIVING, SNOOZED, ev.Snoozed(until=0))) is None
    assert aside(fold(*LIVING, ARCHIVED, ev.Archived(archived=False))) is None


@pytest.mark.parametrize("how", [ARCHIVED, SNOOZED])
def test_who_asks_or_fails_is_not_out_of_the_way(how: ev.Archived | ev.Snoozed) -> None:
    assert aside(fold(*LIVING, how, asked())) is None
    failed = fold(*LIVING, how, ev.TurnEnded(outcome="error"))
    assert aside(failed) is None
    assert aside(fold(ev.Seen(), state=failed)) is not None


@pytest.mark.parametrize("how", [ARCHIVED, SNOOZED])
def test_a_message_ends_both(how: ev.Archived | ev.Snoozed) -> None:
    assert aside(fold(*LIVING, how, ev.MessageQueued(uuid="m", text="go on"))) is None


@given(journals())
def test_nobody_who_asks_is_ever_out_of_the_way(journal: list[ev.Record]) -> None:
    state = SessionState()
    for record in journal:
        state = reduce(state, record)
        assert derive(state).state != "blocked" or aside(state) is None


@pytest.mark.parametrize("by", ["state", "directory"])
def test_they_are_at_the_end_of_the_list_each_in_a_group_of_its_own(by: str) -> None:
    one, two = facts_of(id="a", archived=True, pinned=True), facts_of(id="s", snoozed_until=9)
    sections = arrange([one, two, facts_of(id="i")], "state" if by == "state" else "directory")
    assert in_order(sections) == ["i", "s", "a"]
    assert [section.key for section in sections[1:]] == ["snoozed", "archived"]


@given(st.integers(0, 300), st.integers(0, 23), st.integers(0, 59))
def test_a_duration_is_read_as_written(days: int, hours: int, minutes: int) -> None:
    text = f"{days}d {hours}h{minutes}M"
    if days or hours or minutes:
        assert read_duration(text) == ((days * 24 + hours) * 60 + minutes) * 60_000


@given(st.text(max_size=8))
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert 0 < read_duration(text) <= LONGEST_MS


@pytest.mark.parametrize("text", ["", "2", "h", "0m", "-1h", "2x", "367d", "١h", "9999d9999d"])
def test_no_durations(text: str) -> None:
    with pytest.raises(UsageError):
        read_duration(text)
