"""Requests, withdrawals, redraws, moves and keys in any order, on the whole screen."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import HealthCheck, example, given, settings, strategies as st

from parallel_agents.core import events as ev
from parallel_agents.core.ids import digest
from parallel_agents.tui.screens.peek import PeekScreen
from parallel_agents.tui.widgets.card import CardView
from parallel_agents.wire import messages as m
from tests.support.examples import examples
from tests.tui.drive import Drive, screen
from tests.tui.fake import Fake

SESSIONS = ("a1", "b2")
KEYS = ("y", "n", "a", "down", "up", "tab", "shift+tab", "s", "d", "escape", "space", "ctrl+n")
STEPS = st.one_of(
    st.sampled_from(KEYS).map(lambda key: ("press", key)),
    st.sampled_from(SESSIONS).map(lambda session: ("ask", session)),
    st.sampled_from(SESSIONS).map(lambda session: ("withdraw", session)),
    st.sampled_from(["y", "n"]).map(lambda key: ("race", key)),
    st.sampled_from([("settle", ""), ("early", ""), ("paint", "")]),
)


class Story:
    """One interleaving, and the check after every key."""

    def __init__(self, drive: Drive) -> None:
        self.drive = drive
        self.commands: dict[tuple[str, str], str] = {}

    def ask(self, session: str) -> None:
        number = len(self.commands) + 1
        given = {"command": f"make part-{number:03}"}
        request = self.drive.fake.ask(session, f"r{number}", given=given)
        self.commands[(session, request)] = given["command"]

    def withdraw(self, session: str) -> None:
        for request in self.drive.fake.states[session].dialogue.requests[:1]:
            self.drive.fake.happen(session, ev.RequestWithdrawn(request=request.id))

    async def press(self, key: str) -> None:
        """A decision may only reach the one request whose whole input stood on the screen."""
        shown, before = self.drive.text(), len(self.drive.fake.of(m.Answer))
        await self.drive.pilot.press(key)
        for answer in self.drive.fake.of(m.Answer)[before:]:
            command = self.commands[(answer.session, str(answer.request))]
            assert f"$ {command}" in shown
            assert answer.digest == digest({"command": command})
            assert key in "yna"

    async def settle(self) -> None:
        """Let what was asked be painted, wherever it is shown, and stand for a second."""
        for _ in range(3):
            await self.drive.pilot.pause()
        await self.drive.until(self._painted, "card painted")
        self.drive.clock.pass_(1.0)

    def _painted(self) -> bool:
        card = getattr(self.drive.app.screen, "card", None)
        return card is None or card.identity in {None, card._painted}

    def _peeked(self) -> bool:
        top = self.drive.app.screen
        return (
            isinstance(top, PeekScreen)
            and isinstance(top.focused, CardView)
            and top.card.identity is not None
            and top.card._painted == top.card.identity
        )

    async def do(self, step: tuple[str, str]) -> None:
        match step:
            case ("press", key):
                await self.press(key)
            case ("ask", session):
                self.ask(session)
            case ("withdraw", session):
                self.withdraw(session)
            case ("race", key):
                self.withdraw("a1")
                self.ask("a1")
                await self.press(key)
            case ("settle", _):
                await self.settle()
            case ("peek", _):
                await self.drive.until(self._peeked, "a request in a peek")
            case ("early", _):
                self.drive.clock.pass_(0.05)
            case _:
                self.drive.main.paint()


async def play(steps: list[Any]) -> int:
    """Play one interleaving; returns how many decisions were made."""
    fake = Fake()
    for session in SESSIONS:
        fake.session(session, f"name-{session}")
    async with screen(fake) as drive:
        story = Story(drive)
        story.ask("a1")
        await drive.ready()
        await drive.press("tab")
        await drive.until(lambda: drive.app.focused is drive.main.request, "the card in the focus")
        for step in [("settle", ""), *steps]:
            await story.do(step)
        return len(fake.of(m.Answer))


def test_a_key_pressed_in_time_decides() -> None:
    """So that the next test does not hold for want of decisions."""
    assert asyncio.run(play([("press", "y")])) == 1
    peek = [("press", "escape"), ("settle", ""), ("press", "space"), ("peek", "")]
    assert asyncio.run(play([*peek, ("settle", ""), ("press", "y")])) == 1


@settings(max_examples=examples(9), deadline=None, suppress_health_check=list(HealthCheck))
@example([("race", "y")])
@given(st.lists(STEPS, max_size=12))
def test_a_decision_never_reaches_another_request_than_the_one_shown(steps: list[Any]) -> None:
    asyncio.run(play(steps))
