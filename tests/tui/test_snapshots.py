"""What the screen looks like, as text, at three sizes and in its main situations."""

import pytest
from syrupy.assertion import SnapshotAssertion

from parallel_agents.tui.screens.board import WIDE
from tests.support.variations import varied
from tests.tui.drive import Drive, screen
from tests.tui.fake import Fake
from tests.tui.scenes import busy

SIZES = [(80, 24), (120, 40), (240, 70)]


async def compared(drive: Drive, size: tuple[int, int]) -> None:
    """Where the diff stands beside the transcript, it comes a moment later."""
    if size[0] > 200:
        await drive.shows("No changes yet")


@pytest.mark.parametrize("size", varied(SIZES))
async def test_list(size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with screen(busy(), size) as drive:
        await drive.shows("no-login")
        if size[0] >= WIDE:
            await drive.shows("waiting for you")
        await compared(drive, size)
        assert drive.text() == snapshot


@pytest.mark.parametrize("size", varied(SIZES))
async def test_card(size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with screen(busy(), size) as drive:
        await drive.press("enter")
        await drive.shows("waiting for you")
        await drive.shows("allow once")
        await compared(drive, size)
        assert drive.text() == snapshot


@pytest.mark.parametrize("size", varied(SIZES))
async def test_help(size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with screen(busy(), size) as drive:
        await compared(drive, size)
        await drive.press("question_mark")
        await drive.shows("Command mode")
        assert drive.text() == snapshot


@pytest.mark.parametrize("size", varied(SIZES))
async def test_nothing_yet(size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with screen(Fake(), size) as drive:
        await drive.shows("No sessions yet.")
        assert drive.text() == snapshot


async def crashed(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise ZeroDivisionError

    async with screen(busy()) as drive:
        monkeypatch.setattr(drive.main, "paint_list", crash)
        drive.main.wake()
        await drive.until(lambda: drive.app.return_code)


async def test_a_crash_fails_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError):
        await crashed(monkeypatch)
