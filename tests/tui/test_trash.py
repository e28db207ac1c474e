"""The trash on the screen: what it holds, brought back by Enter."""

from typing import Any

from parallel_agents.core.value import replace
from parallel_agents.wire import messages as m
from tests.tui.drive import screen
from tests.tui.fake import T0, Fake

HOSTILE = "x\x1b[31m\u202egnp [red]"


def entry(session: str, name: str, **more: Any) -> m.DeletedSession:
    usual = m.DeletedSession(
        id=session,
        name=name,
        repo="/r",
        branch=f"worktree-{name}",
        deleted_at=T0,
        size_bytes=0,
        notes=(),
        saved=(),
        skipped=(),
    )
    return replace(usual, **more)


def with_trash(*entries: m.DeletedSession) -> Fake:
    fake = Fake()
    fake.session("a1", "auth-refactor")
    fake.answers["list_trash"] = m.TrashList(entries=entries)
    return fake


async def test_enter_restores_what_the_cursor_is_on() -> None:
    fake = with_trash(
        entry("b1", "old", deleted_at=T0 - 60_000, saved=("2 changed files",)),
        entry("c1", "newer", size_bytes=4_200_000),
    )
    async with screen(fake) as drive:
        await drive.press("U")
        await drive.shows("Enter restore")
        shown = drive.text()
        assert shown.index("newer") < shown.index("old")
        assert "worktree-newer" in shown
        assert "4.2 MB" in shown
        assert "2 changed files" in shown
        await drive.press("down", "enter")
        await drive.until(lambda: fake.of(m.Restore), "restored")
        assert fake.of(m.Restore)[0].session == "b1"


async def test_an_empty_trash_says_so_and_enter_does_nothing() -> None:
    async with screen(with_trash()) as drive:
        await drive.press("U")
        await drive.shows("The trash is empty.")
        await drive.press("enter", "escape")
        await drive.until(lambda: "The trash is empty." not in drive.text())
        assert drive.fake.of(m.Restore) == []


async def test_names_in_the_trash_are_harmless() -> None:
    fake = with_trash(entry("b1", HOSTILE, branch=None, saved=[HOSTILE]))
    async with screen(fake) as drive:
        await drive.press("U")
        await drive.shows("[red]")
        assert not {"\x1b", "\u202e"} & set(drive.text())
