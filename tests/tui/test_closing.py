"""What is opened again while it still closes, and what still comes in while the screen closes."""

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

import pytest
from hypothesis import given, settings, strategies as st
from textual.command import CommandList, CommandPalette, DiscoveryHit
from textual.widgets._toast import Toast

from parallel_agents.core import events as ev
from parallel_agents.tui.model.remembered import Remembered, remember
from parallel_agents.tui.palette import ActionPalette, Palette
from parallel_agents.tui.screens import board
from parallel_agents.tui.screens.confirm import Dialog, ReadDialog
from parallel_agents.tui.screens.dispatch import DispatchScreen
from parallel_agents.tui.screens.peek import PeekScreen
from parallel_agents.tui.screens.trash import TrashScreen
from parallel_agents.wire import messages as m
from parallel_agents.wire.request import Request
from tests.support.examples import examples
from tests.support.variations import varied, varied_rows
from tests.tui.drive import Drive, screen
from tests.tui.fake import EXPLAINED, Fake, FakeLink, resolved, row_of

R = TypeVar("R")


def one() -> Fake:
    fake = Fake()
    fake.session("a1", "auth-refactor")
    return fake


def opened(drive: Drive, kind: type[object]) -> int:
    """How many screens of a kind lie on each other."""
    return sum(isinstance(found, kind) for found in drive.app.screen_stack)


def leave(drive: Drive) -> None:
    """Close what lies above, as far as a person could have by now."""
    if drive.app.screen is not drive.main and drive.app.screen.is_mounted:
        drive.app.screen.dismiss(None)


@given(st.lists(st.sampled_from(("open", "leave", "dialog", "turn")), max_size=12))
@settings(max_examples=examples(25), deadline=None)
async def test_the_palette_opens_once_and_again_while_the_last_one_closes(
    steps: list[str],
) -> None:
    async with screen(one()) as drive:
        for step in steps:
            match step:
                case "open":
                    drive.app.action_command_palette()
                case "leave":
                    leave(drive)
                case "dialog":
                    drive.app.push_screen(ReadDialog("Read", []))
                case _:
                    await drive.pilot.pause()
            assert opened(drive, CommandPalette) <= 1
        drive.app.action_command_palette()
        await drive.pilot.pause()
        assert opened(drive, CommandPalette) == 1


async def test_the_palette_typed_right_behind_its_end_opens() -> None:
    async with screen(one()) as drive:
        for _ in range(5):
            await drive.press("ctrl+p", "escape", "ctrl+p", "ctrl+p", "escape")
        await drive.press("ctrl+p")
        await drive.until(lambda: opened(drive, CommandPalette) == 1, "the palette")


@pytest.mark.parametrize("quits", varied([False, True]))
@pytest.mark.parametrize("peeking", varied([False, True]))
async def test_what_comes_while_the_screen_closes_is_not_painted(
    monkeypatch: pytest.MonkeyPatch, *, peeking: bool, quits: bool
) -> None:
    monkeypatch.setattr(board, "FRAME", 0.0001)
    fake = one()

    async def pushes() -> None:
        while True:
            fake.happen("a1", ev.Seen())
            await asyncio.sleep(0)

    async with screen(fake) as drive:
        if peeking:
            await drive.press("space")
            await drive.until(lambda: opened(drive, PeekScreen), "peek")
        drive.app.run_worker(pushes())
        await drive.pilot.pause()
        if quits:
            drive.app.simulate_key("ctrl+q")


class SlowLink(FakeLink):
    """Answers a request of one type only when it is told to."""

    slow: type[m.AnyRequest]
    go: asyncio.Event

    async def request(self, message: Request[R]) -> R:
        """Wait, then answer."""
        if isinstance(message, self.slow):
            await self.go.wait()
        return await super().request(message)


class Slow(Fake):
    """A supervisor that takes its time for requests of one type."""

    def __init__(self, slow: type[m.AnyRequest]) -> None:
        super().__init__()
        self.slow = slow
        self.go = asyncio.Event()

    async def connect(self) -> FakeLink:
        """What `Backend` calls."""
        link = SlowLink(self)
        link.slow, link.go = self.slow, self.go
        self.links.append(link)
        return link


@pytest.mark.parametrize(
    ("key", "asks", "kind"),
    varied_rows(
        [
            ("U", m.ListTrash, TrashScreen),
            ("w", m.Explain, ReadDialog),
            ("space", m.MarkSeen, PeekScreen),
        ]
    ),
)
async def test_a_dialog_that_waits_for_the_supervisor_opens_once(
    key: str, asks: type[m.AnyRequest], kind: type[Dialog]
) -> None:
    fake = Slow(asks)
    fake.session("a1", "auth-refactor")
    fake.finish("a1")
    fake.session("b2", "flaky-test")
    fake.answers["explain"] = EXPLAINED
    async with screen(fake) as drive:
        drive.main.store.select("a1")
        await drive.until(lambda: drive.main.shown == "a1", "a1")
        await drive.until(lambda: drive.main.store.conversation.loaded)  # type: ignore[union-attr]
        await drive.press(key, key, key)
        assert opened(drive, kind) == 0
        fake.go.set()
        await drive.until(lambda: opened(drive, kind), "the dialog")
        await drive.until(lambda: not asking(drive) - 1, "the others were left")
        assert opened(drive, kind) == 1
        await drive.press("escape")
        await drive.until(lambda: drive.app.screen is drive.main, "left")


def asking(drive: Drive) -> int:
    """How many of its works wait."""
    return sum(not work.is_finished for work in drive.app.workers if work.group == "ask")


@pytest.mark.parametrize("quits", varied([True, False]))
async def test_what_the_palette_finds_when_it_is_gone_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, *, quits: bool
) -> None:
    """Its search goes on for a moment behind its widgets."""
    begun = asyncio.Event()

    async def discover(self: Palette) -> AsyncIterator[DiscoveryHit]:
        palette = self.app.screen
        begun.set()
        while palette.query(CommandList):  # noqa: ASYNC110 - nobody says when they go
            await asyncio.sleep(0)
        yield DiscoveryHit("late", lambda: None)

    monkeypatch.setattr(Palette, "discover", discover)
    async with screen(one()) as drive:
        await drive.press("ctrl+p")
        await asyncio.wait_for(begun.wait(), 10)
        if quits:
            drive.app.simulate_key("ctrl+q")
            await drive.until(lambda: not drive.app.is_running, "closed")
        else:
            await drive.press("escape")
            await drive.until(lambda: not opened(drive, CommandPalette), "left")
            await drive.press("ctrl+p")
            await drive.until(lambda: opened(drive, CommandPalette), "opened again")


async def test_what_the_palette_does_not_find_when_its_list_is_gone_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It says so half a second later; its own loop ends after those of its widgets."""
    monkeypatch.setattr(CommandPalette, "_NO_MATCHES_COUNTDOWN", 0.01)
    async with screen(one()) as drive:
        await drive.press("ctrl+p")
        await drive.until(lambda: opened(drive, CommandPalette), "the palette")
        palette = drive.app.screen
        assert isinstance(palette, CommandPalette)
        await drive.press(*"zzz")
        await drive.until(lambda: palette._no_matches_timer is not None, "nothing is found")
        await palette.query_one(CommandList).remove()
        palette._start_no_matches_countdown("zzz")
        timer = palette._no_matches_timer
        assert timer is not None
        assert timer._task is not None
        await timer._task
        await drive.pilot.pause()
        assert drive.app.is_running


async def test_a_notification_that_runs_out_while_it_is_shown_stops_nothing() -> None:
    """A timer of Textual's with less than no time never comes to an end."""
    async with screen(one()) as drive:
        drive.app.notify("said")
        await drive.until(lambda: list(drive.app._notifications), "raised")
        notification = next(iter(drive.app._notifications))
        notification.raised_at -= 1_000
        assert notification.has_expired
        toast = Toast(notification)
        assert toast._timeout > 0
        await drive.main.mount(toast)
        await drive.until(lambda: toast not in drive.main.query(Toast), "gone")


@pytest.mark.parametrize("above", varied(["nothing", "a dialog"]))
@pytest.mark.parametrize("kind", varied(["dialog", "palette"]))
async def test_what_is_closed_twice_closes_nothing_below_it(kind: str, above: str) -> None:
    """A key and an answer may both close it; Textual closes whatever lies on top."""
    async with screen(one()) as drive:
        closed = ReadDialog("Read", []) if kind == "dialog" else ActionPalette()
        drive.app.push_screen(closed)
        await drive.until(lambda: drive.app.screen is closed and closed.is_mounted, "there")
        if above != "nothing":
            over = ReadDialog("Above", [])
            drive.app.push_screen(over)
            await drive.until(lambda: over.is_mounted, "above it")
        closed.dismiss(None)
        assert drive.app.screen is drive.main
        closed.dismiss(None)
        await drive.pilot.pause()
        assert drive.app.screen is drive.main
        drive.main.sidebar.focus()
        await drive.press("question_mark")
        await drive.until(lambda: drive.app.screen is not drive.main, "it still hears")


async def test_a_form_that_started_a_session_under_a_dialog_closes_with_it_and_no_more() -> None:
    fake = Slow(m.New)
    fake.session("a1", "auth-refactor")
    fake.answers["resolve_repository"] = resolved()
    fake.answers["new"] = row_of("n1")
    remember(Remembered(mode="default"))
    async with screen(fake) as drive:
        await drive.press("c")
        await drive.until(lambda: isinstance(drive.app.screen, DispatchScreen), "the form")
        form = drive.app.screen
        await drive.press(*"fix", "ctrl+o")
        await drive.until(lambda: fake.of(m.ResolveRepository), "asked")
        above = ReadDialog("Above", [])
        drive.app.push_screen(above)
        await drive.until(lambda: above.is_mounted, "above it")
        fake.go.set()
        await drive.until(lambda: form not in drive.app.screen_stack, "closed")
        assert drive.app.screen is drive.main
