"""A peek decides on a permission, by the rules of the card."""

import pytest

from parallel_agents.core import events as ev
from parallel_agents.core.ids import digest
from parallel_agents.tui.screens.peek import PeekScreen
from parallel_agents.tui.widgets.card import CardView
from parallel_agents.wire import messages as m
from tests.support.variations import varied_rows
from tests.tui.drive import Drive, screen
from tests.tui.fake import Fake


def asking() -> Fake:
    fake = Fake()
    fake.session("a1", "auth-refactor")
    fake.ask("a1")
    return fake


def peeking(drive: Drive) -> PeekScreen | None:
    top = drive.app.screen
    return top if isinstance(top, PeekScreen) else None


async def _peek(drive: Drive, *, wait: bool = True) -> PeekScreen:
    await drive.until(lambda: drive.main.store.conversation.loaded)  # type: ignore[union-attr]
    await drive.press("space")
    await drive.until(lambda: peeking(drive), "peeking")
    peek = peeking(drive)
    assert peek is not None
    if wait:
        await _painted(drive, peek)
    return peek


async def _painted(drive: Drive, peek: PeekScreen) -> None:
    card = peek.card
    await drive.until(lambda: card.identity and card._painted == card.identity, "painted")
    drive.clock.pass_(1.0)


@pytest.mark.parametrize(("key", "behavior"), varied_rows([("y", "allow"), ("n", "deny")]))
async def test_one_key_decides_on_a_permission(key: str, behavior: str) -> None:
    async with screen(asking()) as drive:
        await _peek(drive)
        await drive.shows("y allow once")
        await drive.press(key)
        await drive.until(lambda: drive.fake.of(m.Answer), "answered")
        answer = drive.fake.of(m.Answer)[0]
        assert (answer.session, answer.request) == ("a1", "r1")
        assert answer.digest == digest({"command": "npm test -- --run"})
        assert answer.decision.behavior == behavior
        await drive.until(lambda: not peeking(drive), "closed")


async def test_an_early_key_or_one_in_the_reply_decides_nothing() -> None:
    async with screen(asking()) as drive:
        peek = await _peek(drive, wait=False)
        await drive.press("y")
        await _painted(drive, peek)
        await drive.press("enter", "tab", "y", "n")
        assert drive.fake.of(m.Answer) == []
        assert peeking(drive)


async def test_another_request_is_shown_before_it_takes_a_key() -> None:
    async with screen(asking()) as drive:
        peek = await _peek(drive)
        drive.fake.happen("a1", ev.RequestWithdrawn(request="r1"))
        drive.fake.ask("a1", "r2", given={"command": "rm -rf build"})
        await drive.until(lambda: peek.card.request and peek.card.request.id == "r2")
        await drive.press("y")
        assert drive.fake.of(m.Answer) == []
        await drive.shows("rm -rf build")


async def test_a_plan_is_approved_or_turned_down_in_a_peek() -> None:
    fake = Fake()
    fake.session("a1", "auth-refactor")
    fake.ask("a1", kind="plan", tool="ExitPlanMode", given={"plan": "# Plan\n\nadd it"})
    async with screen(fake) as drive:
        await _peek(drive)
        await drive.shows("n keep planning")
        await drive.press("1")
        await drive.until(lambda: fake.of(m.Answer), "approved")
        assert fake.of(m.Answer)[0].decision.mode == "acceptEdits"


async def test_a_question_is_answered_by_its_number_in_a_peek() -> None:
    fake = Fake()
    fake.session("a1", "auth-refactor")
    options = [{"label": "REST"}, {"label": "RPC"}]
    asked = {"questions": [{"question": "Which?", "options": options}]}
    fake.ask("a1", kind="question", tool="AskUserQuestion", given=asked)
    async with screen(fake) as drive:
        await _peek(drive)
        await drive.shows("2  RPC")
        await drive.press("2")
        await drive.until(lambda: fake.of(m.Answer), "answered")
        assert fake.of(m.Answer)[0].decision.answers == {"Which?": "RPC"}


async def test_turning_to_another_question_brings_back_no_old_request() -> None:
    async with screen(asking()) as drive:
        peek = await _peek(drive)
        drive.fake.happen("a1", ev.RequestWithdrawn(request="r1"))
        drive.fake.ask("a1", "r2", given={"command": "make other"})
        await drive.until(lambda: peek.card.request and peek.card.request.id == "r2", "the new one")
        await drive.press("greater_than_sign")
        assert peek.card.request is not None
        assert peek.card.request.id == "r2"
        await drive.shows("$ make other")


async def test_ctrl_o_goes_from_a_peek_to_the_request() -> None:
    async with screen(asking()) as drive:
        await _peek(drive)
        await drive.press("ctrl+o")
        await drive.until(lambda: drive.main.focused is drive.main.request, "inside")


async def test_a_request_that_goes_gives_the_keys_to_the_reply() -> None:
    async with screen(asking()) as drive:
        peek = await _peek(drive)
        drive.fake.happen("a1", ev.RequestWithdrawn(request="r1"))
        await drive.until(lambda: not peek.query_one(CardView).display, "gone")
        await drive.press("y")
        assert drive.fake.of(m.Answer) == []


async def test_what_happens_while_it_closes_does_no_harm() -> None:
    async with screen(asking()) as drive:
        peek = await _peek(drive)
        await drive.press("escape")
        await drive.until(lambda: not peeking(drive) and not peek.query(CardView), "closed")
        peek.follow(drive.fake.states["a1"])
