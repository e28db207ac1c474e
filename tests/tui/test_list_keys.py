"""Groups of the list on the screen: closed, folded, and acted on."""

from __future__ import annotations

from parallel_agents.core import events as ev
from parallel_agents.tui.model.kept_view import kept_view
from parallel_agents.wire import messages as m
from tests.tui.drive import Drive, screen
from tests.tui.fake import T0, Fake


def sessions() -> Fake:
    fake = Fake()
    for number in range(3):
        fake.session(f"w{number}", f"work-{number}")
    for number in range(9):
        fake.session(f"d{number}", f"done-{number}")
        fake.finish(f"d{number}")
        fake.happen(f"d{number}", ev.Seen())
    return fake


def kind(drive: Drive) -> tuple[str, str]:
    store = drive.main.store
    place = store.cursor(store.rows())
    return place.kind, place.key


async def test_left_selects_the_group_then_closes_it_and_it_stays_closed() -> None:
    async with screen(sessions()) as drive:
        assert drive.main.store.selected == "w0"
        await drive.press("left")
        assert kind(drive) == ("title", "working")
        assert drive.main.store.selected == "w0"
        await drive.press("left")
        await drive.shows("▸ WORKING")
        assert "work-1" not in drive.text().partition("│")[0]
        assert "working" in kept_view().collapsed
    async with screen(sessions()) as drive:
        await drive.shows("▸ WORKING")


async def test_right_opens_the_group_then_goes_to_its_first_session() -> None:
    async with screen(sessions()) as drive:
        await drive.press("left", "left")
        await drive.shows("▸ WORKING")
        await drive.press("right")
        await drive.until(lambda: "▸ WORKING" not in drive.text(), "open")
        assert kind(drive) == ("title", "working")
        await drive.press("right")
        assert kind(drive) == ("session", "w0")
        await drive.press("right")
        assert drive.main.zone == "input"


async def test_enter_opens_and_closes_a_group_and_does_not_go_in() -> None:
    async with screen(sessions()) as drive:
        await drive.press("left", "enter")
        await drive.shows("▸ WORKING")
        await drive.press("enter")
        await drive.until(lambda: "▸ WORKING" not in drive.text(), "open")
        assert drive.main.zone == "list"


async def test_the_arrows_pass_a_closed_group_and_choose_none_of_its_sessions() -> None:
    async with screen(sessions()) as drive:
        await drive.press("left", "left", "down")
        first = kind(drive)
        assert first[0] == "session"
        assert first[1].startswith("d")
        await drive.press("up")
        assert kind(drive) == ("title", "working")
        assert drive.main.store.selected == first[1]


async def test_a_long_group_unfolds_at_its_last_line() -> None:
    async with screen(sessions()) as drive:
        await drive.shows("… 4 more")
        await drive.press("end")
        assert kind(drive) == ("rest", "done")
        await drive.press("enter")
        await drive.until(lambda: "… 4 more" not in drive.text(), "unfolded")
        assert kind(drive)[0] == "session"
        assert kept_view().unfolded == ("done",)


async def test_a_filter_opens_every_group() -> None:
    async with screen(sessions()) as drive:
        await drive.press("left", "left")
        await drive.shows("▸ WORKING")
        await drive.press("slash", *"work-2")
        await drive.until(lambda: "▸ WORKING" not in drive.text(), "open")
        await drive.shows("work-2")


async def test_a_click_on_a_title_closes_and_opens_the_group() -> None:
    async with screen(sessions()) as drive:
        await drive.pilot.click("#list", offset=(4, 0))
        await drive.shows("▸ WORKING")
        await drive.pilot.click("#list", offset=(4, 0))
        await drive.until(lambda: "▸ WORKING" not in drive.text(), "open")


async def test_what_is_done_to_a_group_is_asked_once_with_all_its_sessions() -> None:
    fake = sessions()
    async with screen(fake) as drive:
        await drive.press("left", "ctrl+x")
        await drive.shows("Stop or delete these 3 sessions?")
        assert all(f"work-{number}" in drive.text() for number in range(3))
        await drive.press("escape")
        assert fake.of(m.Stop) == fake.of(m.Delete) == []
        await drive.press("ctrl+x")
        await drive.shows("Stop or delete these 3 sessions?")
        await drive.press("1")
        await drive.until(lambda: len(fake.of(m.Stop)) == 3, "stopped")
        assert {stop.session for stop in fake.of(m.Stop)} == {"w0", "w1", "w2"}


async def test_a_group_is_deleted_and_pinned_only_after_the_question() -> None:
    fake = sessions()
    async with screen(fake) as drive:
        await drive.press("left", "ctrl+t")
        await drive.shows("Pin these 3 sessions?")
        assert fake.of(m.Pin) == []
        await drive.press("1")
        await drive.until(lambda: len(fake.of(m.Pin)) == 3, "pinned")
        await drive.press("left", "ctrl+x")
        await drive.shows("Stop or delete")
        await drive.press("2")
        await drive.until(lambda: fake.of(m.Delete), "deleted")


async def test_the_number_of_a_session_is_the_one_of_its_row() -> None:
    async with screen(sessions()) as drive:
        await drive.press("left", "left", "alt+1")
        assert kind(drive)[0] == "session"
        assert kind(drive)[1].startswith("d")


def listed(drive: Drive) -> list[str]:
    return drive.main.store.order()


async def test_a_session_is_moved_within_its_group_and_stays_there() -> None:
    async with screen(sessions()) as drive:
        await drive.press("shift+down")
        assert listed(drive)[:3] == ["w1", "w0", "w2"]
        await drive.press("shift+down", "shift+down")
        assert listed(drive)[:3] == ["w1", "w2", "w0"]
        await drive.press("shift+up")
        assert kind(drive) == ("session", "w0")
    async with screen(sessions()) as drive:
        assert listed(drive)[:3] == ["w1", "w0", "w2"]


async def test_who_waits_is_not_moved() -> None:
    fake = sessions()
    fake.ask("w1")
    fake.ask("w2")
    async with screen(fake) as drive:
        first = listed(drive)[0]
        await drive.press("home", "shift+down")
        await drive.shows("how long they wait")
        assert listed(drive)[0] == first


async def test_marked_sessions_are_stopped_together() -> None:
    fake = sessions()
    async with screen(fake) as drive:
        await drive.press("x", "down", "x")
        await drive.shows("◆ work-0")
        await drive.shows("◆ work-2")
        await drive.shows("2 marked")
        await drive.press("ctrl+x")
        await drive.shows("Stop or delete these 2 sessions?")
        await drive.press("1")
        await drive.until(lambda: len(fake.of(m.Stop)) == 2, "stopped")
        assert {stop.session for stop in fake.of(m.Stop)} == {"w0", "w2"}
        await drive.until(lambda: "◆" not in drive.text(), "unmarked")


async def test_a_mark_is_taken_back_by_a_second_press_or_by_escape() -> None:
    async with screen(sessions()) as drive:
        await drive.press("x", "x", "home", "x")
        assert drive.main.store.marked() == ["w1"]
        await drive.press("escape")
        assert drive.main.store.marked() == []


async def test_a_group_is_marked_as_a_whole() -> None:
    async with screen(sessions()) as drive:
        await drive.press("left", "x")
        assert drive.main.store.marked() == ["w0", "w1", "w2"]


async def test_back_goes_to_the_session_shown_before_and_back_again() -> None:
    async with screen(sessions()) as drive:
        await drive.press("down", "down", "alt+left")
        assert drive.main.store.selected == "w1"
        await drive.press("alt+left")
        assert drive.main.store.selected == "w2"


async def test_an_archived_session_leaves_the_list_and_the_selection_stays_near() -> None:
    fake = sessions()
    async with screen(fake) as drive:
        await drive.press("H")
        await drive.shows("▸ ARCHIVED")
        await drive.until(lambda: drive.main.store.selected == "w1", "the next one")
        await drive.press("slash", *"s:archived", "enter")
        await drive.until(lambda: listed(drive) == ["w0"], "found")
        await drive.press("H")
        await drive.until(lambda: not fake.states["w0"].session.archived, "taken back")


async def test_a_session_is_snoozed_for_what_is_written() -> None:
    fake = sessions()
    async with screen(fake) as drive:
        await drive.press("Z")
        await drive.shows("Snooze work-0 for")
        await drive.press("enter")
        await drive.until(lambda: fake.of(m.Snooze), "asked")
        assert fake.of(m.Snooze)[0].until == T0 + 120_000 + 2 * 3_600_000
        await drive.shows("▸ SNOOZED")


async def test_what_is_no_duration_is_said_and_snoozes_nothing() -> None:
    fake = sessions()
    async with screen(fake) as drive:
        await drive.press("Z")
        await drive.shows("Snooze work-0 for")
        await drive.press("x", "enter")
        await drive.shows("is no duration")
        assert fake.of(m.Snooze) == []


async def test_marked_sessions_are_archived_after_the_question() -> None:
    fake = sessions()
    async with screen(fake) as drive:
        await drive.press("x", "x", "x", "up", "x", "H")
        await drive.shows("Archive these 2 sessions?")
        assert fake.of(m.Archive) == []
        await drive.press("1")
        await drive.until(lambda: len(fake.of(m.Archive)) == 2, "archived")
