"""Letters typed in a row where letters are commands: a text, and no command."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, strategies as st
from textual import events

from parallel_agents.tui.model.remembered import Remembered, remember
from parallel_agents.tui.screens.dispatch import DispatchScreen
from parallel_agents.tui.screens.typed_text import TypedTextScreen
from parallel_agents.tui.terminal.letters import AFTER, BEFORE, HELD, Run, crowds, repeats
from parallel_agents.tui.terminal.terminal_input import Quiet, Rested
from parallel_agents.tui.widgets.prompt import Prompt
from parallel_agents.wire import messages as m
from tests.support.variations import varied
from tests.tui.drive import Drive, screen
from tests.tui.fake import Fake, resolved


def working() -> Fake:
    fake = Fake()
    fake.session("a", "shop")
    fake.ask("a", given={"command": "make"})
    fake.answers["resolve_repository"] = resolved()
    return fake


def key(letter: str, at: float) -> events.Key:
    named = {"space": " "}.get(letter, letter)
    event = events.Key(letter, named if len(named) == 1 else None)
    event.time = at
    return event


async def types(drive: Drive, text: str, gap: float, begin: float = 0.0) -> float:
    """Type as a person does: a letter every `gap` seconds; returns when the next would come."""
    at = begin or time.monotonic()
    for letter in text:
        drive.app.post_message(key("space" if letter == " " else letter, at))
        drive.app.post_message(Quiet())
        if gap > AFTER:
            drive.app.post_message(Rested())
        at += gap
    drive.app.post_message(Rested())
    await drive.pilot.pause()
    return at


def draft(drive: Drive) -> str:
    top = drive.app.screen
    if not isinstance(top, TypedTextScreen) or not top.query(Prompt):
        return ""
    return top.query_one(Prompt).text


@pytest.mark.parametrize(
    "text", varied(["do not touch", "yes please", "no", "try again", "just run it", "undo that"])
)
@pytest.mark.parametrize("gap", varied([0.05, 0.1]))
async def test_a_text_typed_on_the_list_runs_nothing_and_is_kept(text: str, gap: float) -> None:
    fake = working()
    async with screen(fake, typed=True) as drive:
        await drive.ready()
        await types(drive, text, gap)
        await drive.until(lambda: draft(drive) == text, "the draft")
        changed = (m.Answer, m.Stop, m.Delete, m.Restore, m.Respawn, m.New, m.Send)
        assert [r for kind in changed for r in fake.of(kind)] == []


async def test_the_draft_is_sent_as_a_reply() -> None:
    fake = working()
    async with screen(fake, typed=True) as drive:
        await types(drive, "stop", 0.1)
        await drive.until(lambda: draft(drive) == "stop")
        drive.clock.pass_(1)
        drive.app.post_message(events.Key("enter", None))
        await drive.until(lambda: fake.of(m.Send), "sent")
        assert [(send.session, send.text) for send in fake.of(m.Send)] == [("a", "stop")]


async def test_enter_right_behind_a_text_sends_nothing_yet() -> None:
    fake = working()
    async with screen(fake, typed=True) as drive:
        await types(drive, "stop", 0.1)
        await drive.until(lambda: draft(drive) == "stop")
        drive.app.post_message(events.Key("enter", None))
        await drive.shows("just appeared: press again")
        assert fake.of(m.Send) == []
        assert draft(drive) == "stop"


async def test_the_draft_becomes_a_new_task() -> None:
    remember(Remembered(mode="default"))
    async with screen(working(), typed=True) as drive:
        await types(drive, "fix", 0.1)
        await drive.until(lambda: draft(drive) == "fix")
        drive.clock.pass_(1)
        at = time.monotonic() + 5
        drive.app.post_message(key("c", at))
        drive.app.post_message(Quiet())
        drive.app.post_message(Rested())
        await drive.until(lambda: isinstance(drive.app.screen, DispatchScreen), "the form")
        await drive.until(lambda: drive.app.screen.query_one(Prompt).text == "fix", "the task")


async def test_c_within_a_word_is_a_letter() -> None:
    async with screen(working(), typed=True) as drive:
        await types(drive, "fixcode", 0.1)
        await drive.until(lambda: draft(drive) == "fixcode")


async def test_a_dropped_draft_is_in_the_history_of_the_input() -> None:
    async with screen(working(), typed=True) as drive:
        await types(drive, "fix", 0.1)
        await drive.until(lambda: draft(drive) == "fix")
        drive.app.post_message(events.Key("escape", None))
        await drive.until(lambda: drive.app.screen is drive.main, "dropped")
        assert drive.main.prompt.history == ["fix"]


async def test_a_paste_on_the_list_is_a_draft() -> None:
    async with screen(working(), typed=True) as drive:
        drive.app.post_message(events.Paste("yes\nplease do"))
        await drive.until(lambda: draft(drive) == "yes\nplease do")


async def test_commands_pressed_one_by_one_all_run() -> None:
    fake = working()
    async with screen(fake, typed=True) as drive:
        await drive.ready()
        drive.clock.pass_(60)
        await types(drive, "dty", 0.3)
        await drive.until(lambda: fake.of(m.Answer), "allowed")
        assert draft(drive) == ""


async def test_harmless_commands_are_no_text_however_quickly_they_come() -> None:
    async with screen(working(), typed=True) as drive:
        await types(drive, "ditdti", 0.05)
        await drive.until(lambda: drive.main.panes.current == "info", "the last pane")
        assert draft(drive) == ""


async def test_a_letter_without_a_command_begins_a_text() -> None:
    async with screen(working(), typed=True) as drive:
        await types(drive, "hi", 0.1)
        await drive.until(lambda: draft(drive) == "hi")


async def test_a_long_text_without_brackets_is_taken_whole() -> None:
    text = "please look at this " * 200
    async with screen(working(), typed=True) as drive:
        for letter in text:
            drive.app.post_message(key("space" if letter == " " else letter, time.monotonic()))
        drive.app.post_message(Quiet())
        drive.app.post_message(Rested())
        await drive.until(lambda: draft(drive) == text, "the draft")


async def test_a_step_right_before_a_key_does_not_matter() -> None:
    fake = working()
    fake.session("b", "other")
    async with screen(fake, typed=True) as drive:
        soon = await types(drive, "jk", 0.15)
        await drive.until(lambda: drive.main.shown == "a", "back at the request")
        await drive.ready()
        drive.clock.pass_(60)
        await types(drive, "y", 0.15, soon)
        await drive.until(lambda: fake.of(m.Answer), "allowed")
        assert draft(drive) == ""


# --- the rule ------------------------------------------------------------------------------------

LETTERS = st.sampled_from("ynaAqujkdt s1[")
GAPS = st.floats(0.001, 0.6, allow_nan=False)


@given(LETTERS, LETTERS, GAPS)
def test_two_letters_are_judged_by_the_time_between_them(one: str, two: str, gap: float) -> None:
    first, second = key(one, 10.0), key(two, 10.0 + gap)
    assert repeats(first, second) == (one == two and second.time - first.time <= HELD)
    near_after = second.time - first.time <= AFTER
    assert crowds(second, after=first) == (one != two and near_after)
    near_before = second.time - first.time <= BEFORE
    assert crowds(first, before=second) == (one != two and near_before and one not in "jk[")


@given(st.lists(st.tuples(LETTERS, GAPS, st.booleans()), max_size=12))
def test_a_run_keeps_every_letter_since_the_last_pause(
    typed: list[tuple[str, float, bool]],
) -> None:
    run, at, expected = Run(), 10.0, ""
    for letter, gap, dropped in typed:
        before, at = at, at + gap
        expected = letter if at - before > BEFORE else expected + letter
        run.add(key(letter, at), dropped=dropped)
    if run.is_text:
        taken = run.take()
        assert expected.endswith(taken)
        assert not set(expected[: len(expected) - len(taken)]) - set("jk[")
        assert not run.is_text
