"""`diff --turn`: what the last turn changed, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from parallel_agents.core.ids import new_uuid
from parallel_agents.core.options import Options
from parallel_agents.wire import messages as m
from tests.support.world import World, wait_until

EDITING = Options(mode="acceptEdits")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as made:
        made.trust()
        yield made


def files(world: World, session: str, *words: str) -> dict[str, tuple[int, int]]:
    code, out, err = world.run("diff", session, "--json", *words)
    assert code == 0, err
    found = json.loads(out)["files"]
    return {file["path"]: (file["insertions"], file["deletions"]) for file in found}


@pytest.mark.parametrize("restarted", [False, True])
def test_only_the_last_turn_is_shown(*, restarted: bool, world: World) -> None:
    session = world.new("edit", options=EDITING)
    tree = Path(world.wait_state(session, "done")["worktree"])
    first = files(world, session, "--turn")
    assert first == files(world, session)
    assert "greeting.py" in first
    world.ask(m.Send(key=new_uuid(), session=session, text="edit"))
    wait_until(lambda: world.ask(m.Info(session=session)).turns == 2, 30, "the second turn")
    assert files(world, session, "--turn") == {"README.md": (2, 0), "greeting.py": (1, 1)}
    if restarted:
        world.kill_supervisor()
    (tree / "mine.txt").write_text("written by the person after the turn\n")
    assert files(world, session, "--turn") == {"README.md": (2, 0), "greeting.py": (1, 1)}
    assert {"mine.txt", "test_greeting.py"} <= files(world, session).keys()
    code, patch, _ = world.run("diff", session, "--turn")
    assert code == 0
    assert "-REVISION = 1\n+REVISION = 2\n" in patch
    assert "mine.txt" not in patch


def test_a_session_whose_turns_were_not_recorded_says_so(world: World) -> None:
    """As one of before this was recorded."""
    session = world.new("edit", options=EDITING)
    world.wait_state(session, "done")
    files(world, session, "--turn")
    world.kill_supervisor()
    directory = world.session_dir(session)
    journal = directory / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    assert any("tree_recorded" in line for line in lines)
    journal.write_text("".join(line for line in lines if "tree_recorded" not in line))
    (directory / "meta.json").unlink(missing_ok=True)
    code, out, err = world.run("diff", session, "--turn")
    assert (code, out) == (1, "")
    assert "What the last turn changed is not known" in err
    assert files(world, session)
