"""Searching all transcripts on the screen, and going to what was found."""

from __future__ import annotations

from parallel_agents.core import events as ev
from parallel_agents.wire import messages as m
from tests.tui.drive import Drive, screen
from tests.tui.fake import T0, Fake


def found(session: str, seq: int, line: str) -> m.SearchResult:
    hit = m.SearchHit(
        session=session, name=f"name {session}", seq=seq, at=T0, turn=1, who="agent", line=line
    )
    return m.SearchResult(hits=(hit,), complete=False)


def long_session() -> Fake:
    fake = Fake()
    fake.session("a1", "one")
    fake.session("b2", "two")
    for number in range(900):
        fake.happen("b2", ev.AssistantText(text=f"part {number}.", message=f"m{number}"))
    return fake


async def look_for(drive: Drive, text: str) -> None:
    await drive.press("F")
    await drive.shows("Search all transcripts")
    await drive.press(*text, "enter")


async def test_enter_goes_to_the_place_also_far_before_what_is_loaded() -> None:
    fake = long_session()
    fake.answers["search"] = found("b2", 50, "part 41.")
    async with screen(fake) as drive:
        await look_for(drive, "part")
        await drive.shows("1 or more found")
        await drive.shows("turn 1 · agent")
        await drive.press("enter")
        await drive.until(lambda: drive.main.store.selected == "b2", "chosen")
        await drive.shows("part 41.")
        assert drive.main.focused is drive.main.panes.transcript.view
        assert fake.of(m.Search) == [m.Search(text="part")]


async def test_what_is_found_nowhere_is_said() -> None:
    async with screen(long_session()) as drive:
        await look_for(drive, "zebra")
        await drive.shows("is in no transcript")


async def test_found_text_is_shown_safely() -> None:
    fake = long_session()
    fake.answers["search"] = found("b2", 50, "[red]x[/] \x1b[2Jgone")
    async with screen(fake) as drive:
        await look_for(drive, "x")
        await drive.shows("[red]x[/]")
        assert "\x1b" not in drive.text()


async def test_a_session_that_is_gone_is_not_chosen() -> None:
    fake = long_session()
    fake.answers["search"] = found("zz", 50, "x")
    async with screen(fake) as drive:
        await look_for(drive, "x")
        await drive.shows("found")
        await drive.press("enter")
        await drive.shows("no longer there")
        assert drive.main.store.selected == "a1"
