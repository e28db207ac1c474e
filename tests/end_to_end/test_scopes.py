"""`diff` with each of its scopes: what plain git says of the same two states."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from parallel_agents.core.options import Options
from parallel_agents.core.scope import AnotherSession
from parallel_agents.wire import messages as m
from tests.support.world import World

EDITING = Options(mode="acceptEdits")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as made:
        made.trust()
        yield made


@pytest.fixture(scope="module")
def session(world: World) -> str:
    """A session with a commit, a staged change, an unstaged one and a new file."""
    made = world.new("edit", options=EDITING)
    tree = Path(world.wait_state(made, "done")["worktree"])
    git(tree, "add", "greeting.py")
    git(tree, "commit", "-qm", "Greet somebody")
    (tree / "greeting.py").write_text("REVISION = 7\n")
    git(tree, "add", "greeting.py")
    (tree / "README.md").write_text("# Another shop\n")
    (tree / "new file.txt").write_text("new\n")
    return made


def git(tree: Path, *words: str, objects: Path | None = None) -> str:
    """Run git; `objects` is a further directory of objects to read."""
    more = {} if objects is None else {"GIT_ALTERNATE_OBJECT_DIRECTORIES": str(objects)}
    done = subprocess.run(
        ["git", "-C", str(tree), *words], check=True, capture_output=True, env=os.environ | more
    )
    return done.stdout.decode().strip("\n")


def tree_of(world: World, session: str) -> Path:
    return Path(world.row(session)["worktree"])


def patch(world: World, session: str, *words: str) -> str:
    code, out, err = world.run("diff", session, *words)
    assert code == 0, err
    return out.strip("\n")


def against(world: World, session: str, *words: str) -> tuple[str, str, str]:
    code, out, err = world.run("diff", session, "--json", *words)
    assert code == 0, err
    found = json.loads(out)
    return found["scope"], found["against"], found["commit"]


def of_git(tree: Path, *which: str) -> str:
    """Git's own patch, with the untracked files as new ones."""
    git(tree, "add", "--intent-to-add", "--all", ".")
    return git(tree, "diff", "--binary", "--full-index", "--find-renames", *which, "--")


def test_uncommitted_is_what_git_says_against_head(world: World, session: str) -> None:
    tree = tree_of(world, session)
    said = patch(world, session, "--uncommitted")
    assert said == of_git(tree, "HEAD")
    assert {"greeting.py", "new file.txt", "README.md"} <= set(
        git(tree, "diff", "HEAD", "--name-only").split("\n")
    )
    head = git(tree, "rev-parse", "HEAD")
    assert against(world, session, "--uncommitted") == ("uncommitted", "HEAD", head)


def test_one_commit_is_what_git_says_against_its_parent(world: World, session: str) -> None:
    tree = tree_of(world, session)
    assert patch(world, session, "--commit", "HEAD") == of_git(tree, "HEAD~", "HEAD")
    scope, before, _ = against(world, session, "--commit", "HEAD")
    assert scope == f"commit {git(tree, 'rev-parse', 'HEAD')[:10]} Greet somebody"
    assert before == "the commit before"
    (listed,) = world.ask(m.ListCommits(session=session)).commits
    assert listed.subject == "Greet somebody"


def test_another_base_is_what_git_says_against_the_merge_base(world: World, session: str) -> None:
    tree = tree_of(world, session)
    git(world.repo, "branch", "-f", "beside", "HEAD")
    (world.repo / "later.txt").write_text("of main only\n")
    git(world.repo, "add", "-A")
    git(world.repo, "commit", "-qm", "later")
    try:
        assert patch(world, session, "--against", "main") == of_git(tree, "beside")
        scope, base, commit = against(world, session, "--against", "main")
        assert (scope, base) == ("another base", "main")
        assert commit == git(world.repo, "rev-parse", "beside")
    finally:
        git(world.repo, "reset", "-q", "--hard", "beside")


def test_another_session_is_what_git_says_of_the_two_trees(world: World, session: str) -> None:
    other = world.new("edit", options=EDITING, name="the other one")
    theirs = Path(world.wait_state(other, "done")["worktree"])
    (theirs / "only theirs.txt").write_text("theirs\n")
    (theirs / "README.md").write_text("# Their shop\n")
    said = patch(world, session, "--session", other)
    assert "-# Their shop\n+# Another shop" in said
    assert "deleted file mode 100644" in said
    assert "+++ b/new file.txt" in said
    git(theirs, "add", "-A")
    mine = tree_of(world, session)
    git(mine, "add", "-A")
    trees = git(theirs, "write-tree"), git(mine, "write-tree")
    assert said == of_git(mine, *trees)
    assert against(world, session, "--session", other)[:2] == ("another session", "the other one")
    found = world.ask(m.DiffStat(session=session, scope=AnotherSession(session=other)))
    page = world.ask(m.DiffText(session=session, parts=found.parts, path="README.md", other=other))
    assert "+# Another shop\n" in page.text


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--session", "SELF"), 2, "cannot be compared with itself"),
        (("--session", "nobody"), 3, "nobody"),
        (("--session", "../../etc"), 3, "etc"),
        (("--commit", "--all"), 2, "expected one argument"),
        (("--commit=--all",), 1, "'--all' names no commit"),
        (("--against=no such",), 1, "'no such' names no commit"),
        (("--against=#77",), 1, "names no commit"),
        (("--turn", "--uncommitted"), 2, "not allowed with"),
    ],
)
def test_what_cannot_be_compared_is_said(
    words: tuple[str, ...], code: int, said: str, world: World, session: str
) -> None:
    given = [session if word == "SELF" else word for word in words]
    found, out, err = world.run("diff", session, *given)
    assert (found, out) == (code, ""), err
    assert said in err


def test_a_session_of_another_repository_is_refused(world: World, session: str) -> None:
    elsewhere = world.make_repository(world.root / "elsewhere")
    world.trust(elsewhere)
    other = world.new("echo hi", directory=str(elsewhere))
    world.wait_state(other, "done")
    code, _, err = world.run("diff", session, "--session", other)
    assert code == 2
    assert "works in another repository" in err
