"""Comments from the diff: written, changed, sent, resolved, and never lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from parallel_agents.core import events as ev
from parallel_agents.core.errors import RefusedError
from parallel_agents.core.scope import Commit
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import DiffPart
from parallel_agents.tui.content.comment_lines import CommentKey
from parallel_agents.tui.content.diff_lines import RowKey
from parallel_agents.tui.screens.comment_dialog import CommentDialog
from parallel_agents.wire import messages as m
from tests.tui.drive import Drive, screen
from tests.tui.fake import Fake
from tests.tui.scenes import changed, patch, stat
from tests.tui.test_screen import two

PART = DiffPart(base="1" * 40, tree="2" * 40)


@asynccontextmanager
async def diff() -> AsyncIterator[tuple[Drive, Fake]]:
    """A screen with the focus on the diff of `src/a.py`."""
    fake = two()
    fake.answers["diff_stat"] = replace(stat(changed("src/a.py")), parts=(PART,))
    fake.answers["diff_text"] = m.PatchPage(text=patch("src/a.py", 10), next=None)
    async with screen(fake) as drive:
        await drive.press("d")
        await drive.shows("more")
        yield drive, fake


async def write(drive: Drive, *keys: str) -> None:
    await drive.press("r")
    await drive.until(lambda: isinstance(drive.app.screen, CommentDialog), "the dialog")
    await drive.press(*keys, "enter")
    await drive.until(lambda: drive.app.screen is drive.main, "the diff again")


async def test_a_comment_is_about_the_lines_and_trees_on_the_screen() -> None:
    async with diff() as (drive, fake):
        await drive.press("right_square_bracket", "shift+down", "shift+down")
        await write(drive, *"shorter")
        await drive.shows("┃ shorter")
        (message,) = fake.of(m.WriteComment)
        assert (message.path, message.side, message.first, message.last) == (
            "src/a.py", "new", 10, 12,
        )  # fmt: skip
        assert (message.parts, message.kind, message.text) == ((PART,), "change", "shorter")
        await drive.shows("1 comment to send")


@pytest.mark.parametrize(
    ("keys", "kind", "text", "replacement"),
    [
        (("question_mark", *"why"), "question", "why", None),
        (("a", "ctrl+j", "b"), "change", "a\nb", None),
        (("alt+s", "end", "x"), "suggestion", "", "a10x"),
        ((*"so", "alt+s", "end", "x"), "suggestion", "so", "a10x"),
        ((*"so", "alt+s", "x", "alt+s", "y"), "change", "soy", None),
    ],
)
async def test_the_kinds(
    keys: tuple[str, ...], kind: str, text: str, replacement: str | None
) -> None:
    async with diff() as (drive, fake):
        await drive.press("right_square_bracket")
        await write(drive, *keys)
        (message,) = fake.of(m.WriteComment)
        assert (message.kind, message.text, message.replacement) == (kind, text, replacement)


async def test_what_was_typed_comes_back() -> None:
    async with diff() as (drive, fake):
        await drive.press("right_square_bracket", "r")
        await drive.until(lambda: isinstance(drive.app.screen, CommentDialog), "the dialog")
        await drive.press(*"half", "escape")
        await drive.until(lambda: drive.app.screen is drive.main, "the diff again")
        assert not fake.of(m.WriteComment)
        fake.answers["write_comment"] = RefusedError("The disk is full.", "Make room.")
        await write(drive, *"er")
        await drive.shows("The disk is full")
        del fake.answers["write_comment"]
        await write(drive)
        assert [message.text for message in fake.of(m.WriteComment)] == ["halfer", "halfer"]
        await drive.press("r")
        await drive.until(lambda: isinstance(drive.app.screen, CommentDialog), "the dialog")
        assert isinstance(drive.app.screen, CommentDialog)
        assert drive.app.screen.editor.text == ""


async def test_drafts_are_changed_sent_and_resolved() -> None:
    async with diff() as (drive, fake):
        view = drive.main.panes.diff.view
        await drive.press("right_square_bracket")
        await write(drive, *"one")
        await drive.shows("┃ one")
        await drive.press("right_parenthesis")
        assert isinstance(view.cursor, CommentKey)
        await write(drive, *"s")
        await drive.shows("┃ ones")
        await drive.press("S")
        await drive.shows("Send 1 comment")
        await drive.press(*"hi", "enter")
        await drive.shows("┃ sent")
        (sent,) = fake.of(m.SendComments)
        assert sent.note == "hi"
        assert len(sent.ids) == 1
        await drive.press("enter")
        await drive.shows("✓ resolved")
        await drive.press("enter")
        await drive.until(lambda: "✓ resolved" not in drive.text(), "it is open again")
        await drive.press("delete")
        await drive.until(lambda: "┃" not in drive.text(), "it is gone")


async def test_what_there_is_nothing_to_do_for_is_said() -> None:
    async with diff() as (drive, fake):
        await drive.press("S")
        await drive.shows("No comments to send. r in the diff writes one.")
        await drive.press("t", "r")
        await drive.shows("Choose lines here, then r writes a comment.")
        assert drive.main.focused is drive.main.panes.diff.view
        assert not fake.of(m.WriteComment)


async def test_a_comment_on_a_file_that_is_not_changed_any_more_is_shown() -> None:
    async with diff() as (drive, fake):
        await drive.press("right_square_bracket")
        await write(drive, *"gone")
        fake.answers["diff_stat"] = replace(stat(changed("src/b.py")), parts=(PART,))
        fake.happen("a1", ev.ChangesCounted(files=1, insertions=9, deletions=0))
        await drive.shows("src/b.py")
        await drive.shows("draft · src/a.py:10")
        await drive.shows("┃ gone")


async def test_beside_one_commit_comments_say_what_became_of_them_in_the_worktree() -> None:
    async with diff() as (drive, fake):
        await drive.press("right_square_bracket")
        await write(drive, *"later")
        await drive.shows("10   a10")
        fake.answers["list_commits"] = m.CommitList(
            commits=(Commit(hash="3" * 40, subject="Begin", at=0),)
        )
        await drive.press("b")
        await drive.shows("one commit")
        await drive.press("5")
        await drive.shows("Begin")
        await drive.press("1")
        await drive.until(lambda: fake.of(m.Comments)[-1].parts == (), "they are looked for now")
        await drive.shows("draft · src/a.py:10")


async def test_the_whole_change_can_be_commented_on_from_its_head() -> None:
    """The cursor could not get there once it had been moved."""
    async with diff() as (drive, fake):
        await drive.press("j")
        assert drive.main.panes.diff.view.cursor == RowKey("src/a.py")
        await drive.press("k")
        await write(drive, *"split", "space", *"it")
        (message,) = fake.of(m.WriteComment)
        assert (message.path, message.first, message.text) == ("", 0, "split it")
        await drive.shows("draft · the whole change")
