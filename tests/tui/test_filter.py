"""The list's filter: what it keeps, and that it hides nothing that needs the person."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core.state import SessionState
from parallel_agents.tui.model.grouping import Section
from parallel_agents.tui.model.list_filter import keep
from parallel_agents.tui.widgets.filter_line import FilterLine
from parallel_agents.wire import messages as m
from tests.support.facts import facts_of
from tests.support.variations import varied_rows
from tests.tui.drive import Drive, screen
from tests.tui.fake import Fake


def sessions() -> Fake:
    fake = Fake()
    fake.session("a1", "auth-refactor")
    fake.session("b2", "flaky-test")
    fake.session("c3", "typo")
    fake.states["b2"] = facts_of(fake.states["b2"], agent="sketch")
    fake.ask("a1", given={"command": "make auth"})
    return fake


def rows(drive: Drive) -> list[str]:
    found: list[Section] = drive.main.store.sections()
    return [session for section in found for session in section.sessions]


def fitting(text: str, fake: Fake) -> set[str]:
    return {state.id for state in keep(text, fake.states.values())}


@pytest.mark.parametrize(
    ("text", "ids"),
    varied_rows(
        [
            ("", {"a1", "b2", "c3"}),
            ("FLAKY", {"b2"}),
            ("s:blocked", {"a1"}),
            ("s:needs", {"a1"}),
            ("s:working", {"b2", "c3"}),
            ("s:working typo", {"c3"}),
            ("b:worktree-auth", {"a1"}),
            ("r:shop", {"a1", "b2", "c3"}),
            ("a:sketch", {"b2"}),
            ("a:other", set()),
            ("x:y", set()),
            ("make auth", {"a1"}),
            ("c3", {"c3"}),
        ]
    ),
)
def test_what_a_filter_keeps(text: str, ids: set[str]) -> None:
    assert fitting(text, sessions()) == ids


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_is_a_filter_and_more_words_keep_less(one: str, two: str) -> None:
    states: list[SessionState] = [facts_of(id=f"s{n}", name=f"name {n}") for n in range(5)]
    first = keep(one, states)
    assert keep("  ", states) == states
    assert [state for state in states if state in first] == first
    both = keep(f"{one} {two}", states)
    assert all(state in first for state in both)


async def test_the_list_follows_each_letter_and_enter_keeps_the_filter() -> None:
    async with screen(sessions()) as drive:
        await drive.press("slash", *"fl")
        await drive.until(lambda: rows(drive) == ["b2"], "filtered")
        assert drive.main.store.selected == "b2"
        await drive.shows("1 of 3")
        await drive.press("enter")
        assert drive.main.focused is drive.main.sidebar
        assert rows(drive) == ["b2"]
        await drive.press("escape")
        assert len(rows(drive)) == 3
        await drive.until(lambda: not drive.main.query_one(FilterLine).display, "hidden")
        assert drive.main.query_one(FilterLine).value == ""


async def test_escape_in_the_filter_shows_all_again() -> None:
    async with screen(sessions()) as drive:
        await drive.press("slash", *"typo", "escape")
        await drive.until(lambda: len(rows(drive)) == 3, "all")
        assert drive.main.focused is drive.main.sidebar
        assert not drive.main.query_one(FilterLine).display


async def test_letters_in_the_filter_command_nothing() -> None:
    fake = sessions()
    async with screen(fake) as drive:
        await drive.ready()
        await drive.press("slash", "y", "n", "ctrl+x", "ctrl+c")
        assert fake.of(m.Answer) == fake.of(m.Stop) == fake.of(m.Interrupt) == []


async def test_a_filter_hides_no_request() -> None:
    async with screen(sessions()) as drive:
        await drive.press("slash", *"typo", "enter")
        await drive.until(lambda: rows(drive) == ["c3"])
        await drive.press("ctrl+n")
        await drive.until(lambda: drive.main.store.selected == "a1", "the one that asks")
        assert "a1" in rows(drive)


async def test_the_arrows_select_while_a_filter_is_typed() -> None:
    async with screen(sessions()) as drive:
        await drive.press("slash", "t")
        await drive.until(lambda: "t" in drive.main.query_one(FilterLine).value)
        before = drive.main.store.selected
        await drive.press("down")
        assert drive.main.store.selected != before
        assert isinstance(drive.main.focused, FilterLine)
