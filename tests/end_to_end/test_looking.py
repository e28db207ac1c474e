"""What a person has looked at, and marked: journalled once, kept, and honest when it is gone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from parallel_agents.core.errors import UsageError
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.options import Options
from parallel_agents.core.scope import SinceLooked
from parallel_agents.core.worktree import DiffPart
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
