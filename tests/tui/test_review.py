"""The diff pane: what is compared, what was viewed, in which order, and which files."""

from __future__ import annotations

import pytest

from parallel_agents.core import events as ev
from parallel_agents.core.errors import UserError
from parallel_agents.core.scope import (
    AnotherBase,
    AnotherSession,
    Commit,
    LastTurn,
    OneCommit,
    SinceLooked,
    Uncommitted,
    WholeChange,
)
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import DiffPart, DiffStat as ChangedFiles, FileStat
from parallel_agents.wire import messages as m
from tests.tui.drive import Drive, screen
from tests.tui.fake import Fake
from tests.tui.scenes import changed, patch, stat
from tests.tui.test_screen import two

NEW, OLD = "1" * 40, "2" * 40
PART = DiffPart(base="0" * 40, tree="3" * 40)


def named(path: str, blob: str = NEW, **more: object) -> FileStat:
    return replace(changed(path, **more), blob=blob, old_blob=OLD)  # type: ignore[arg-type]


def reviewing(*files: FileStat) -> Fake:
    """Two sessions; the first changed these files."""
    fake = two()
    fake.answers["diff_stat"] = lambda message: scoped(message, stat(*files))
    fake.answers["diff_text"] = lambda message: m.PatchPage(text=patch(message.path, 1), next=None)
    return fake


def scoped(message: m.DiffStat, found: ChangedFiles) -> ChangedFiles:
    scope = "" if message.scope == WholeChange() else f"as {message.scope.type}"
    return replace(found, scope=scope, parts=(PART,))


async def opened(drive: Drive, *words: str) -> None:
    await drive.press("d")
    for word in words or ("src/a.py",):
        await drive.shows(word)


def scopes(drive: Drive) -> list[str]:
    return [asked.scope.type for asked in drive.fake.of(m.DiffStat)]


# --- what is compared ---------------------------------------------------------------------------


async def test_a_key_goes_through_the_scopes_and_the_head_says_which() -> None:
    async with screen(reviewing(named("src/a.py"))) as drive:
        await opened(drive)
        await drive.shows("1 file against origin/main")
        for kind in ("turn", "uncommitted", "looked"):
            await drive.press("full_stop")
            await drive.shows(f"As {kind}: 1 file against origin/main")
        await drive.press("full_stop")
        await drive.until(lambda: "As looked" not in drive.text())
        await drive.shows("1 file against origin/main")
        assert scopes(drive) == ["whole", "turn", "uncommitted", "looked", "whole"]


async def test_each_session_keeps_its_scope() -> None:
    async with screen(reviewing(named("src/a.py"))) as drive:
        await opened(drive)
        await drive.press("full_stop")
        await drive.shows("As turn")
        drive.main.choose("b2")
        await drive.until(lambda: drive.fake.of(m.DiffStat)[-1].session == "b2")
        assert drive.fake.of(m.DiffStat)[-1].scope == WholeChange()
        drive.main.choose("a1")
        await drive.shows("As turn")


async def test_what_cannot_be_compared_is_said_in_place_of_a_diff() -> None:
    fake = reviewing(named("src/a.py"))

    def answer(message: m.DiffStat) -> ChangedFiles:
        if message.scope == LastTurn():
            raise UserError("No turn has \x1b[31mended yet.", "Wait for one.")
        return scoped(message, stat(named("src/a.py")))

    fake.answers["diff_stat"] = answer
    async with screen(fake) as drive:
        await opened(drive)
        await drive.press("full_stop")
        await drive.shows("Last turn: No turn has ␛[31mended yet. Wait for one.")
        assert "src/a.py" not in drive.text()
        await drive.press("full_stop")
        await drive.shows("As uncommitted: 1 file")


@pytest.mark.parametrize(
    ("keys", "shown", "wanted"),
    [
        (("1",), "", WholeChange()),
        (("2",), "", LastTurn()),
        (("3",), "", Uncommitted()),
        (("5", "2"), "the second", OneCommit(rev="b" * 40)),
        (("6", *"v1", "enter"), "Branch, commit", AnotherBase(ref="v1")),
        (("7", "1"), "b2", AnotherSession(session="b2")),
    ],
)
async def test_every_scope_can_be_chosen(keys: tuple[str, ...], shown: str, wanted: object) -> None:
    fake = reviewing(named("src/a.py"))
    listed = tuple(
        Commit(hash=letter * 40, subject=subject, at=1000)
        for letter, subject in (("a", "the first \x1b[31m"), ("b", "the second"))
    )
    fake.answers["list_commits"] = m.CommitList(commits=listed)
    async with screen(fake) as drive:
        await opened(drive)
        await drive.press("full_stop")
        await drive.shows("As turn")
        await drive.press("b")
        await drive.shows("Compare with")
        await drive.press(keys[0])
        await drive.shows(shown)
        await drive.press(*keys[1:])
        await drive.until(lambda: drive.fake.of(m.DiffStat)[-1].scope == wanted, str(wanted))
        if isinstance(wanted, AnotherSession):
            await drive.until(lambda: drive.fake.of(m.DiffText)[-1].other == "b2", "its trees")


async def test_leaving_the_choice_changes_nothing() -> None:
    async with screen(reviewing(named("src/a.py"))) as drive:
        await opened(drive)
        await drive.press("b")
        await drive.shows("Compare with")
        await drive.press("escape")
        await drive.until(lambda: "Compare with" not in drive.text())
        assert scopes(drive) == ["whole"]
        assert "src/a.py" in drive.text()


async def test_what_was_on_the_screen_for_a_moment_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("parallel_agents.tui.screens.diff_pane.LOOK", 0.0)
    fake = reviewing(named("src/a.py"))
    before = (replace(PART, tree="4" * 40),)
    fake.happen("a1", ev.ChangesSeen(parts=before))
    async with screen(fake) as drive:
        await opened(drive)
        await drive.until(lambda: fake.of(m.NoteLook), "looked")
        assert fake.of(m.NoteLook) == [m.NoteLook(session="a1", parts=(PART,))]
        await drive.until(lambda: drive.main.store.state.place.seen.parts == (PART,))  # type: ignore[union-attr]
        await drive.press("full_stop", "full_stop", "full_stop")
        await drive.until(lambda: scopes(drive)[-1] == "looked")
        scope = fake.of(m.DiffStat)[-1].scope
        assert isinstance(scope, SinceLooked)
        assert scope.parts == before, "the look of this visit does not hide what is new in it"
        assert len(fake.of(m.NoteLook)) == 1
        await drive.press("t", "d")
        await drive.until(lambda: fake.of(m.DiffStat)[-1].scope != scope)
        again = fake.of(m.DiffStat)[-1].scope
        assert isinstance(again, SinceLooked)
        assert again.parts == (PART,), "this is another visit"


# --- what was viewed ----------------------------------------------------------------------------


async def test_a_viewed_file_is_folded_and_the_next_one_comes() -> None:
    fake = reviewing(named("src/a.py"), named("src/b.py"), named("src/c.py"))
    async with screen(fake) as drive:
        await opened(drive, "▾ M src/a.py", "▾ M src/b.py")
        await drive.press("right_curly_bracket", "v")
        await drive.shows("▸ M src/a.py  viewed")
        await drive.shows("3 files, 1 of 3 viewed, against origin/main")
        await drive.shows("✓ M src/a.py")
        (marked,) = fake.of(m.MarkViewed)
        assert (marked.path, marked.blob, marked.gone, marked.viewed) == (
            "src/a.py", NEW, False, True,
        )  # fmt: skip
        await drive.press("v")
        await drive.shows("2 of 3 viewed")
        assert fake.of(m.MarkViewed)[-1].path == "src/b.py"
        await drive.press("left_curly_bracket", "v")
        await drive.shows("1 of 3 viewed")
        assert not fake.of(m.MarkViewed)[-1].viewed
        await drive.shows("▾ M src/b.py")


async def test_a_mark_goes_with_the_content_and_comes_back_with_it() -> None:
    blobs = {"src/a.py": NEW}
    fake = two()
    fake.answers["diff_stat"] = lambda message: scoped(
        message, stat(*(named(path, blob) for path, blob in blobs.items()))
    )
    fake.answers["diff_text"] = lambda message: m.PatchPage(text=patch(message.path, 1), next=None)
    fake.happen("a1", ev.FileViewed(path="src/a.py", blob=NEW))
    async with screen(fake) as drive:
        await opened(drive, "▸ M src/a.py  viewed")
        blobs["src/a.py"] = "5" * 40
        fake.happen("a1", ev.ChangesCounted(files=1, insertions=2, deletions=1))
        await drive.shows("▾ M src/a.py  changed since you viewed it")
        assert "of 1 viewed" not in drive.text()
        blobs["src/a.py"] = NEW
        fake.happen("a1", ev.ChangesCounted(files=1, insertions=2, deletions=2))
        await drive.shows("▸ M src/a.py  viewed")


async def test_a_deleted_file_is_marked_by_what_it_was() -> None:
    fake = reviewing(named("src/a.py", "", status="D", insertions=0))
    async with screen(fake) as drive:
        await opened(drive, "▸ D src/a.py  deleted")
        await drive.press("down", "v")
        await drive.shows("▸ D src/a.py  viewed")
        (marked,) = fake.of(m.MarkViewed)
        assert (marked.blob, marked.gone) == (OLD, True)


async def test_a_file_that_was_not_compared_cannot_be_marked() -> None:
    fake = reviewing(changed("src/a.py", 0, 0, binary=True, note="not read: 2.1 GB"))
    async with screen(fake) as drive:
        await opened(drive)
        await drive.press("down", "v")
        await drive.shows("was not compared, so it cannot be marked")
        assert not fake.of(m.MarkViewed)


# --- order and filter ---------------------------------------------------------------------------


async def test_what_programs_wrote_comes_last_and_folded() -> None:
    files = (named("a/uv.lock"), named("b.min.js"), named("src/a.py"))
    async with screen(reviewing(*files)) as drive:
        await opened(drive)
        await drive.shows("▸ M a/uv.lock  lock file")
        await drive.shows("▸ M b.min.js  minified")
        lines = drive.text()
        assert lines.index("▾ M src/a.py") < lines.index("▸ M a/uv.lock") < lines.index("▸ M b.min")
        assert all(asked.path == "src/a.py" for asked in drive.fake.of(m.DiffText))


async def test_files_are_filtered_by_a_word_in_the_path() -> None:
    files = (named("src/Api.py"), named("docs/api.md"), named("src/b.py"))
    async with screen(reviewing(*files)) as drive:
        await opened(drive, "src/b.py")
        await drive.press("p")
        await drive.shows("Show files whose path has")
        await drive.press(*"api", "enter")
        await drive.shows("2 files with “api” against")
        assert "src/b.py" not in drive.text()
        await drive.press("escape")
        await drive.shows("3 files against")
        assert drive.main.zone == "view"
        await drive.press("escape")
        await drive.until(lambda: drive.main.zone == "list")
