"""One request after the other: where the person is led, and where they end up."""

from __future__ import annotations

from parallel_agents.core import events as ev
from parallel_agents.wire import messages as m
from tests.tui.drive import Drive, screen
from tests.tui.fake import Fake


def asking(*names: str) -> Fake:
    """Sessions that ask, the first one named longest, and one that works."""
    fake = Fake()
    fake.session("w", "working")
    for name in names:
        fake.session(name, f"name-{name}")
        fake.ask(name, f"r-{name}", given={"command": f"make {name}"})
    return fake


async def decided(drive: Drive, count: int) -> None:
    """Wait for a decision, and let the fake take the request away, as the supervisor does."""
    await drive.until(lambda: len(drive.fake.of(m.Answer)) == count, f"{count} decided")
    answer = drive.fake.of(m.Answer)[-1]
    pending = drive.fake.states[answer.session].dialogue.requests
    if any(request.id == answer.request for request in pending):
        drive.fake.happen(answer.session, ev.RequestWithdrawn(request=str(answer.request)))


async def test_three_blocked_sessions_are_three_keys() -> None:
    fake = asking("a", "b", "c")
    async with screen(fake) as drive:
        await drive.until(lambda: drive.main.store.selected == "a", "the first is selected")
        for count, name in enumerate("abc", 1):
            await drive.until(lambda: drive.main.store.selected == name, name)  # noqa: B023
            await drive.ready()
            await drive.press("y")
            await decided(drive, count)
        assert [answer.session for answer in fake.of(m.Answer)] == ["a", "b", "c"]


async def test_the_person_is_back_where_they_were_when_nothing_is_left() -> None:
    fake = asking("a", "b")
    async with screen(fake) as drive:
        drive.main.choose("w")
        await drive.press("ctrl+n")
        for count in (1, 2):
            await drive.ready()
            await drive.press("y")
            await decided(drive, count)
        await drive.until(lambda: drive.main.store.selected == "w", "back")
        assert drive.main.focused is drive.main.sidebar


async def test_a_person_who_moved_by_themselves_stays() -> None:
    fake = asking("a")
    async with screen(fake) as drive:
        drive.main.choose("w")
        await drive.press("ctrl+n")
        await drive.until(lambda: drive.main.store.selected == "a")
        drive.main.choose("w")
        drive.main.choose("a")
        await drive.ready()
        await drive.press("y")
        await decided(drive, 1)
        await drive.until(lambda: drive.main.card.request is None, "gone")
        assert drive.main.store.selected == "a"


async def test_skipping_goes_round_and_decides_nothing() -> None:
    fake = asking("a", "b")
    fake.ask("a", "r-more", given={"command": "make more"})
    async with screen(fake) as drive:
        seen = []
        for _ in range(4):
            await drive.ready()
            seen.append(str(drive.main.card.request and drive.main.card.request.id))
            await drive.press("s")
        assert seen == ["r-a", "r-b", "r-more", "r-a"]
        assert fake.of(m.Answer) == []


async def test_skipping_the_only_request_says_so() -> None:
    async with screen(asking("a")) as drive:
        await drive.ready()
        await drive.press("s")
        await drive.shows("Nothing else waits for you.")


async def test_the_first_press_of_next_goes_to_the_selected_session_that_asks() -> None:
    async with screen(asking("a", "b")) as drive:
        await drive.until(lambda: drive.main.store.selected == "a")
        await drive.press("ctrl+n")
        assert drive.main.store.selected == "a"
        assert drive.main.focused is drive.main.request
        await drive.press("ctrl+n")
        assert drive.main.store.selected == "b"


async def test_on_a_narrow_screen_a_request_is_shown_before_it_is_decided() -> None:
    fake = asking("a", "b")
    async with screen(fake, (80, 24)) as drive:
        await drive.until(lambda: drive.main.card.request is not None)
        drive.clock.pass_(5)
        await drive.press("y")
        await drive.shows("press again")
        await drive.shows("$ make a")
        assert fake.of(m.Answer) == []
        await drive.ready()
        await drive.press("y")
        await decided(drive, 1)
        await drive.shows("$ make b")
        await drive.ready()
        await drive.press("y")
        await decided(drive, 2)
        await drive.until(lambda: drive.main.card.request is None, "none is left")
        await drive.press("escape")
        assert drive.main.focused is drive.main.sidebar
        assert not drive.main.has_class("-inside")


async def test_a_key_pressed_too_early_is_said_on_the_card() -> None:
    fake = asking("a")
    async with screen(fake) as drive:
        await drive.until(lambda: drive.main.card.settles_in, "painted just now")
        await drive.press("y")
        await drive.shows("just appeared: press again")
        await drive.ready()
        await drive.press("y")
        await decided(drive, 1)


async def test_deciding_where_nothing_is_asked_says_so() -> None:
    async with screen(asking()) as drive:
        await drive.press("y")
        await drive.shows("This session asks nothing.")


async def test_the_request_scrolls_from_the_list() -> None:
    fake = Fake()
    fake.session("a", "long")
    fake.ask("a", given={"command": "\n".join(f"echo step {n}" for n in range(60))})
    async with screen(fake) as drive:
        await drive.shows("J reads on")
        await drive.press("J")
        await drive.shows("echo step 20")
        await drive.press("K")
        await drive.shows("echo step 0")
        assert drive.main.focused is drive.main.sidebar
