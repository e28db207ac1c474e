"""Drives the whole screen over a fake supervisor, with a clock of the test's own."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from parallel_agents.tui.app import ScreenApp
from parallel_agents.tui.model.key_table import USUAL, KeyTable
from parallel_agents.tui.screens.main import MainScreen
from tests.tui.fake import ROOT, Fake

DEADLINE = 10.0


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class Drive:
    """The screen under test.

    Attributes:
        fake: the supervisor.
        clock: what the card's safety and double presses are measured with.
    """

    def __init__(self, fake: Fake, clock: Clock, pilot: Pilot[None]) -> None:
        self.fake = fake
        self.clock = clock
        self.pilot = pilot

    @property
    def app(self) -> ScreenApp:
        """The application."""
        assert isinstance(self.pilot.app, ScreenApp)
        return self.pilot.app

    @property
    def main(self) -> MainScreen:
        """The main screen, below any dialog."""
        return next(s for s in self.app.screen_stack if isinstance(s, MainScreen))

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < deadline, f"never: {what}\n{self.text()}"
            await self.pilot.pause()

    async def shows(self, text: str) -> None:
        """Wait until a text stands on the screen."""
        await self.until(lambda: text in self.text(), f"{text!r} shown")

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def ready(self) -> None:
        """Wait until the card was painted, and let it settle."""
        card = self.main.card
        await self.until(lambda: card.identity and card._painted == card.identity, "card painted")
        self.clock.pass_(1.0)

    def text(self) -> str:
        """What stands on the screen, line by line."""
        app = self.app
        width, height = app.size
        strips = app.screen._compositor.render_strips(app.size)
        lines = ["".join(segment.text for segment in strip)[:width] for strip in strips[:height]]
        return "\n".join(line.rstrip() for line in lines)


@asynccontextmanager
async def screen(
    fake: Fake,
    size: tuple[int, int] = (120, 40),
    *,
    keys: KeyTable = USUAL,
    typed: bool = False,
) -> AsyncIterator[Drive]:
    """Open the screen; a crash of it fails the test.

    Args:
        fake: the supervisor.
        size: columns and rows.
        keys: the keys that count.
        typed: keys come as from a terminal, which says when it is quiet.
    """
    clock = Clock()
    app = ScreenApp(ROOT, fake.connect, clock, keys=keys, typed=typed)
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.pause()
        drive = Drive(fake, clock, pilot)
        await drive.until(lambda: drive.main.store.ready, "connected")
        await drive.until(lambda: drive.main.shown == drive.main.store.selected, "first painting")
        yield drive
