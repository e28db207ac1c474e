"""Taking out what is under the cursor of the diff, and putting it back."""

from __future__ import annotations

from parallel_agents.core.errors import RefusedError
from parallel_agents.core.taken_out import HunkSelection, LineRange
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import DiffPart
from parallel_agents.tui.content.diff_lines import FileKey, HunkKey
from parallel_agents.tui.widgets.diff_view import DiffView
from parallel_agents.wire import messages as m
from tests.tui.drive import Drive, screen
from tests.tui.fake import Fake
from tests.tui.scenes import changed, patch, stat

PART = DiffPart(base="0" * 40, tree="1" * 40)
FIRST = HunkSelection(old_start=10, old_count=3, new_start=10, new_count=4)


def reviewed() -> Fake:
    fake = Fake()
    fake.session("a1", "review", "Change two files")
    fake.finish("a1", (2, 2, 2))
    files = stat(changed("src/a.py"), changed("src/b.py", old_path="src/old.py", status="R"))
    fake.answers["diff_stat"] = replace(files, parts=(PART,))
    fake.answers["diff_text"] = lambda message: m.PatchPage(
        text=patch(message.path, 10, 40), next=None
    )
    return fake


async def on_hunk(drive: Drive) -> DiffView:
    """Open the diff, and go to the first hunk."""
    await drive.press("d")
    await drive.shows("def f40")
    view = drive.main.query_one(DiffView)
    await drive.press("right_square_bracket")
    assert view.cursor == HunkKey("src/a.py")
    return view


async def test_the_hunk_under_the_cursor_is_taken_out_and_comes_back() -> None:
    async with screen(reviewed()) as drive:
        await on_hunk(drive)
        await drive.press("X")
        await drive.shows("Took lines 11–12 out of src/a.py. z puts it back.")
        [asked] = drive.fake.of(m.Reject)
        assert (asked.parts, asked.path, asked.old_path) == ((PART,), "src/a.py", None)
        assert asked.hunks is not None
        assert asked.hunks == (FIRST,)
        assert len(drive.fake.of(m.DiffStat)) == 2
        await drive.press("z")
        await drive.shows("Put back what was taken out")
        assert [request.session for request in drive.fake.of(m.UndoReject)] == ["a1"]


async def test_on_a_file_it_is_the_whole_file() -> None:
    async with screen(reviewed()) as drive:
        view = await on_hunk(drive)
        await drive.press("right_curly_bracket")
        assert view.cursor == FileKey("src/b.py")
        await drive.press("X")
        await drive.shows("Took the whole change of src/b.py")
        [asked] = drive.fake.of(m.Reject)
        assert (asked.path, asked.old_path, asked.hunks) == ("src/b.py", "src/old.py", None)


async def test_a_refusal_is_told() -> None:
    fake = reviewed()
    fake.answers["reject"] = RefusedError("src/a.py is not what it was.", "Look again.")
    async with screen(fake) as drive:
        await on_hunk(drive)
        await drive.press("X")
        await drive.shows("src/a.py is not what it was. Look again.")


async def test_the_cursor_stays_where_the_next_hunk_comes() -> None:
    fake = reviewed()
    async with screen(fake) as drive:
        view = await on_hunk(drive)
        await drive.press("right_square_bracket")
        assert view.cursor == HunkKey("src/a.py", 1)
        newer = DiffPart(base="0" * 40, tree="2" * 40)
        files = stat(changed("src/a.py"), changed("src/b.py"))
        fake.answers["diff_stat"] = replace(files, parts=(newer,))
        fake.answers["diff_text"] = lambda message: m.PatchPage(
            text=patch(message.path, 10), next=None
        )
        await drive.press("X")
        await drive.until(lambda: view.cursor == FileKey("src/b.py"), "the cursor went on")


async def test_only_the_chosen_lines_of_a_hunk() -> None:
    fake = reviewed()
    async with screen(fake) as drive:
        await on_hunk(drive)
        await drive.press("j", "j", "shift+down", "X")
        (message,) = fake.of(m.Reject)
        lines = LineRange(first=11, last=12, old_first=11, old_last=11)
        assert message.hunks == (replace(FIRST, lines=lines),)


async def test_what_was_put_back_is_shown() -> None:
    fake = reviewed()
    fake.answers["undo_reject"] = m.TakenOut(
        number=1, path="src/b.py", old_path="", spans=(), insertions=1, deletions=1,
        is_out=False, kept="/kept", left=0,
    )  # fmt: skip
    async with screen(fake) as drive:
        view = await on_hunk(drive)
        await drive.press("z")
        await drive.until(lambda: view.cursor == FileKey("src/b.py"), "the file put back")


async def test_the_cursor_goes_on_when_its_file_is_gone() -> None:
    fake = reviewed()
    async with screen(fake) as drive:
        view = await on_hunk(drive)
        files = stat(changed("src/b.py", old_path="src/old.py", status="R"))
        fake.answers["diff_stat"] = replace(files, parts=(PART,))
        await drive.press("X")
        await drive.until(lambda: view.cursor == FileKey("src/b.py"), "the next file")
