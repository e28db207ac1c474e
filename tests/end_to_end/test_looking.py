"""What a person has looked at, and marked: journalled once, kept, and honest when it is gone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from parallel_agents.core.errors import UsageError
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.options import Options
from parallel_agents.core.reduce import reduce
from parallel_agents.core.scope import OneCommit, Scope, SinceLooked, Uncommitted, WholeChange
from parallel_agents.core.state import SessionState
from parallel_agents.core.worktree import DiffPart
from parallel_agents.tui.content.file_order import FileMarks, arranged, mark_of
from parallel_agents.wire import messages as m
from tests.end_to_end.test_scopes import git
from tests.support.world import World

EDITING = Options(mode="acceptEdits")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as made:
        made.trust()
        yield made


@pytest.fixture
def session(world: World) -> str:
    made = world.new("edit", options=EDITING)
    world.wait_state(made, "done")
    return made


def tree_of(world: World, session: str) -> Path:
    return Path(world.row(session)["worktree"])


def events(world: World, session: str, name: str) -> int:
    page = world.ask(m.ReadRecords(session=session, limit=500))
    return sum(record.event.type == name for record in page.records)


def look(world: World, session: str) -> tuple[DiffPart, ...]:
    parts = world.ask(m.DiffStat(session=session)).parts
    world.ask(m.NoteLook(session=session, parts=parts))
    return parts


def since(world: World, session: str, scope: SinceLooked | None = None) -> set[str]:
    found = world.ask(m.DiffStat(session=session, scope=scope or SinceLooked()))
    assert found.scope.startswith("since you looked at ")
    return {file.path for file in found.files}


def test_only_what_changed_since_the_look_is_shown(world: World, session: str) -> None:
    tree = tree_of(world, session)
    code, _, err = world.run("diff", session, "--since-looked")
    assert code == 1
    assert "have not looked" in err
    first = look(world, session)
    assert since(world, session) == set()
    (tree / "README.md").write_text("# Another shop\n")
    (tree / "new.txt").write_text("new\n")
    code, patch, err = world.run("diff", session, "--since-looked")
    assert code == 0, err
    git(tree, "add", "-A")
    now = git(tree, "write-tree")
    words = ("diff", "--binary", "--full-index", "--find-renames", first[0].tree, now, "--")
    store = world.state / "objects" / session / "1"
    assert patch.strip("\n") == git(tree, *words, objects=store)
    look(world, session)
    assert since(world, session) == set()
    before = SinceLooked(parts=first, at=1)
    assert since(world, session, before) == {"README.md", "new.txt"}


def test_a_look_is_journalled_when_the_files_differ_and_survives_a_restart(
    world: World, session: str
) -> None:
    look(world, session)
    look(world, session)
    assert events(world, session, "changes_seen") == 1
    (tree_of(world, session) / "new.txt").write_text("new\n")
    world.kill_supervisor()
    assert since(world, session) == {"new.txt"}
    look(world, session)
    assert events(world, session, "changes_seen") == 2


def test_a_tree_that_is_not_kept_is_said(world: World, session: str) -> None:
    look(world, session)
    world.kill_supervisor()  # which may be counting
    shutil.rmtree(world.state / "objects" / session)
    (tree_of(world, session) / "greeting.py").write_text("REVISION = 9\n")
    code, out, err = world.run("diff", session, "--since-looked")
    assert (code, out) == (1, "")
    assert "What you saw then is not kept any more." in err


def test_a_mark_is_journalled_once_and_taken_back(world: World, session: str) -> None:
    mark = m.MarkViewed(key=new_uuid(), session=session, path="a.py", blob="1" * 40)
    for _ in range(2):
        world.ask(mark)
    world.ask(m.MarkViewed(key=new_uuid(), session=session, path="a.py", blob="1" * 40))
    assert events(world, session, "file_viewed") == 1
    back = m.MarkViewed(key=new_uuid(), session=session, path="a.py", blob="1" * 40, viewed=False)
    world.ask(back)
    assert events(world, session, "file_viewed") == 2


def test_what_is_no_hash_is_refused(world: World, session: str) -> None:
    part = DiffPart(base="HEAD", tree="--all")
    bad = (
        m.NoteLook(session=session, parts=(part,)),
        m.MarkViewed(key=new_uuid(), session=session, path="a", blob="HEAD"),
        m.MarkViewed(key=new_uuid(), session=session, path="", blob="1" * 40),
        m.MarkViewed(key=new_uuid(), session=session, path="a" * 5000, blob="1" * 40),
    )
    for message in bad:
        with pytest.raises(UsageError):
            world.ask(message)


# --- marks, with the contents that git names -------------------------------------------------


def marked(world: World, session: str, path: str) -> None:
    (file,) = (f for f in world.ask(m.DiffStat(session=session)).files if f.path == path)
    mark = mark_of(file)
    assert mark is not None
    world.ask(
        m.MarkViewed(key=new_uuid(), session=session, path=path, blob=mark.blob, gone=mark.gone)
    )


def marks(world: World, session: str, scope: Scope | None = None) -> FileMarks:
    stat = world.ask(m.DiffStat(session=session, scope=scope or WholeChange()))
    page = world.ask(m.ReadRecords(session=session, limit=500))
    state = SessionState()
    for record in page.records:
        state = reduce(state, record)
    return arranged(stat, state.place.viewed).marks


def test_a_mark_survives_an_amend_and_goes_and_comes_with_the_content(
    world: World, session: str
) -> None:
    tree = tree_of(world, session)
    (tree / "mine.txt").write_text("one\n")
    marked(world, session, "mine.txt")
    assert "mine.txt" in marks(world, session).viewed
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "mine")
    git(tree, "commit", "-q", "--amend", "-m", "mine, in other words")
    assert "mine.txt" in marks(world, session).viewed
    assert "mine.txt" in marks(world, session, OneCommit(rev="HEAD")).viewed
    (tree / "mine.txt").write_text("two\n")
    assert "mine.txt" in marks(world, session).changed
    (tree / "mine.txt").write_text("one\n")
    assert "mine.txt" in marks(world, session).viewed


def test_a_mark_goes_along_with_a_rename_and_not_to_a_copy(world: World, session: str) -> None:
    tree = tree_of(world, session)
    (tree / "README.md").write_text("# Shop\n\n" + "A line that stays.\n" * 20)
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "grown")
    marked(world, session, "README.md")
    git(tree, "mv", "README.md", "READ ME.md")
    renamed = marks(world, session, Uncommitted())
    assert renamed.viewed == {"READ ME.md"}
    (tree / "copy.md").write_bytes((tree / "READ ME.md").read_bytes())
    assert "copy.md" not in marks(world, session).viewed


def test_a_deleted_file_keeps_its_mark_until_it_is_back(world: World, session: str) -> None:
    tree = tree_of(world, session)
    text = (tree / "README.md").read_bytes()
    (tree / "README.md").unlink()
    marked(world, session, "README.md")
    assert "README.md" in marks(world, session).viewed
    (tree / "README.md").write_bytes(text + b"more\n")
    assert "README.md" in marks(world, session).changed
