"""Panes beside and below each other: by keys, by the mouse, at any width, and kept."""

import pytest

from parallel_agents.core import events as ev
from parallel_agents.wire import messages as m
from tests.tui.drive import Drive, screen
from tests.tui.fake import Fake
from tests.tui.scenes import SCENES

WIDE = (240, 60)


def shown(drive: Drive) -> list[str]:
    """The panes on the screen."""
    return drive.main.panes.shown


async def until_shown(drive: Drive, *names: str) -> None:
    """Wait until exactly these panes are on the screen."""
    await drive.until(lambda: shown(drive) == list(names), f"{names} shown")


def focused(drive: Drive) -> str:
    """The id of what has the focus."""
    return (drive.main.focused.id or "") if drive.main.focused is not None else ""


async def test_a_wide_screen_shows_transcript_and_diff_and_a_narrower_one_the_transcript() -> None:
    async with screen(SCENES["busy"](), WIDE) as drive:
        await until_shown(drive, "transcript", "diff")
        await drive.until(lambda: drive.fake.of(m.DiffStat), "the diff asked for")
        await drive.shows("No changes yet")
        await drive.pilot.resize_terminal(120, 40)
        await until_shown(drive, "transcript")
        await drive.press("d")
        await until_shown(drive, "diff")
        await drive.pilot.resize_terminal(*WIDE)
        await until_shown(drive, "transcript", "diff")
        assert focused(drive) == "diff"


async def test_a_pane_that_is_not_on_the_screen_asks_nothing() -> None:
    async with screen(SCENES["busy"](), (120, 40)) as drive:
        await drive.press("down", "down", "down")
        await drive.shows("flaky-test  Working")
        assert not drive.fake.of(m.DiffStat)
        assert not drive.fake.of(m.Info)


async def test_d_goes_to_the_diff_where_it_stands_and_i_takes_its_place() -> None:
    async with screen(SCENES["busy"](), WIDE) as drive:
        await until_shown(drive, "transcript", "diff")
        await drive.press("d")
        assert focused(drive) == "diff"
        await drive.press("i")
        await until_shown(drive, "transcript", "info")
        assert focused(drive) == "info"
        await drive.press("d")
        await until_shown(drive, "transcript", "diff")


async def test_splitting_zooming_moving_and_closing() -> None:
    async with screen(SCENES["busy"](), (200, 60)) as drive:
        await until_shown(drive, "transcript", "diff")
        await drive.press("t", "underscore")
        await until_shown(drive, "transcript", "info", "diff")
        assert focused(drive) == "info"
        await drive.shows("▌Info")
        await drive.press("O")
        await until_shown(drive, "info")
        await drive.press("O")
        await until_shown(drive, "transcript", "info", "diff")
        await drive.press("M")
        await until_shown(drive, "transcript", "diff", "info")
        assert focused(drive) == "info"
        await drive.press("semicolon")
        assert focused(drive) == "transcript"
        await drive.press("W", "W")
        await until_shown(drive, "info")
        await drive.press("W")
        await drive.shows("This is the only pane.")
        await drive.press("equals_sign")
        await until_shown(drive, "transcript", "diff")


async def test_there_is_no_pane_without_room_for_it() -> None:
    async with screen(SCENES["busy"](), (90, 40)) as drive:
        await drive.press("d", "vertical_line")
        await until_shown(drive, "diff", "transcript")
        await drive.press("vertical_line")
        await drive.shows("There is no room for another pane.")
        await drive.pilot.resize_terminal(50, 40)
        await drive.until(lambda: len(shown(drive)) == 1, "one pane")
        assert focused(drive) in shown(drive)


async def test_a_pane_grows_by_a_key_and_by_the_mouse() -> None:
    async with screen(SCENES["busy"](), WIDE) as drive:
        await until_shown(drive, "transcript", "diff")
        await drive.press("t")
        area = drive.main.panes.area
        before = area.boxes["transcript"].size.width
        await drive.press("plus", "plus", "minus")
        await drive.until(lambda: area.boxes["transcript"].size.width == before + 4, "larger")
        line = next(iter(drive.main.query("PaneLine").results()))
        x, y = line.region.x, line.region.y + 3
        await drive.pilot.mouse_down(offset=(x, y))
        await drive.pilot.hover(offset=(x + 9, y))
        await drive.pilot.mouse_up(offset=(x + 9, y))
        await drive.until(lambda: area.boxes["transcript"].size.width == before + 13, "dragged")


async def test_a_layout_belongs_to_its_session_and_is_kept() -> None:
    fake = SCENES["busy"]()
    async with screen(fake, WIDE) as drive:
        await until_shown(drive, "transcript", "diff")
        await drive.press("t", "W")
        await until_shown(drive, "diff")
        await drive.press("down")
        await drive.press("escape", "down")
        await until_shown(drive, "transcript", "diff")
    async with screen(SCENES["busy"](), WIDE) as drive:
        await until_shown(drive, "diff")
        await drive.press("L")
        await drive.shows("now the usual layout")
        await drive.press("down")
        await until_shown(drive, "diff")
        await drive.press("equals_sign")
        await until_shown(drive, "transcript", "diff")


async def test_a_session_stays_beside_others() -> None:
    async with screen(SCENES["busy"](), WIDE) as drive:
        await drive.press("B")
        await until_shown(drive, "transcript", "beside")
        await drive.until(lambda: drive.main.shown == "a1", "the first session")
        await drive.shows("Beside  auth-refactor")
        await drive.press("down", "down", "down")
        await drive.shows("flaky-test  Working")
        text = drive.text()
        assert "Split the token check out of the handler" in text
        drive.fake.happen("a1", ev.AssistantText(text="Said beside."))
        await drive.shows("Said beside.")
        drive.fake.say("a1", "Streamed beside.")
        await drive.shows("Streamed beside.")
        follows = drive.fake.of(m.Follow)
        assert set(follows[-1].sessions) == {"a1", drive.main.store.selected}
        await drive.press("B")
        await until_shown(drive, "transcript", "diff")


async def test_a_session_beside_is_read_again_after_the_connection_was_lost() -> None:
    async with screen(SCENES["busy"](), WIDE) as drive:
        await drive.press("B")
        await until_shown(drive, "transcript", "beside")
        await drive.press("down")
        drive.fake.drop()
        drive.fake.happen("a1", ev.AssistantText(text="Said meanwhile."))
        await drive.shows("Said meanwhile.")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (240, 60)], ids=str)
async def test_the_focus_is_always_on_something_that_is_seen(size: tuple[int, int]) -> None:
    keys = ("d", "vertical_line", "underscore", "W", "O", "i", "M", "B", "semicolon", "t", "O", "W")
    async with screen(SCENES["busy"](), size) as drive:
        for key in (*keys, *keys):
            await drive.press(key)
            await drive.pilot.pause()
            assert drive.main.focused is not None, key
            await drive.until(lambda: drive.main.focused.region.area, key)  # type: ignore[union-attr]


async def test_without_sessions_the_keys_say_so() -> None:
    async with screen(Fake()) as drive:
        for key in ("vertical_line", "underscore", "O", "W", "M", "B", "semicolon", "plus"):
            await drive.press(key)
        await drive.shows("There is no session yet")


async def test_a_session_beside_that_is_deleted_leaves_its_pane() -> None:
    async with screen(SCENES["busy"](), WIDE) as drive:
        await drive.press("B")
        await until_shown(drive, "transcript", "beside")
        await drive.press("down")
        drive.fake.happen("a1", ev.DeleteRequested())
        await until_shown(drive, "transcript", "diff")


async def test_a_line_that_is_dragged_is_written_down_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written: list[object] = []
    monkeypatch.setattr("parallel_agents.tui.screens.panes.keep_layouts", written.append)
    async with screen(SCENES["busy"](), WIDE) as drive:
        await until_shown(drive, "transcript", "diff")
        line = next(iter(drive.main.query("PaneLine").results()))
        x, y = line.region.x, line.region.y + 3
        await drive.pilot.mouse_down(offset=(x, y))
        for step in range(1, 6):
            await drive.pilot.hover(offset=(x + step, y))
        assert not written
        await drive.pilot.mouse_up(offset=(x + 5, y))
        await drive.until(lambda: written, "written down")
        assert len(written) == 1


async def test_who_goes_down_the_list_has_only_the_last_session_compared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("parallel_agents.tui.screens.diff_pane.REST", 2.0)
    async with screen(SCENES["busy"](), WIDE) as drive:
        await drive.until(lambda: drive.fake.of(m.DiffStat), "the first")
        await drive.press("down", "down", "down")
        last = drive.main.store.selected
        await drive.until(lambda: drive.fake.of(m.DiffStat)[-1].session == last, "the last")
        asked = {request.session for request in drive.fake.of(m.DiffStat)}
        assert asked == {"a1", last}
