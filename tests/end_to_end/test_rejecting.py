"""A person takes changes out, whatever is killed meanwhile; the agent is told once."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from parallel_agents.core.errors import RefusedError, UnreachableError
from parallel_agents.core.ids import new_uuid
from parallel_agents.wire import messages as m
from tests.support.variations import varied_rows
from tests.support.world import World, wait_until

POINTS = ("kept", "journalled", "beside", "exchanged", "removed", "moved", "done")
NUMBERS = "".join(f"{number}\n" for number in range(40))
CHANGED = NUMBERS.replace("3\n4\n", "3\nthree\n", 1).replace("30\n", "thirty\n")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as made:
        (made.repo / "numbers.txt").write_text(NUMBERS)
        (made.repo / "old name.txt").write_text("one\ntwo\nthree\nfour\nfive\n")
        for words in (["add", "-A"], ["commit", "-qm", "numbers"]):
            subprocess.run(["git", *words], cwd=made.repo, env=made.env, check=True)
        made.trust()
        yield made


def begun(world: World) -> tuple[str, Path]:
    """A session whose worktree has a change in two places, a renamed file and a new one."""
    session = world.new("echo hi")
    top = Path(world.wait_state(session, "done")["worktree"])
    (top / "numbers.txt").write_text(CHANGED)
    (top / "old name.txt").rename(top / "new name.txt")
    (top / "added").mkdir()
    (top / "added/file.txt").write_text("added\n")
    return session, top


def texts(top: Path) -> dict[str, str]:
    return {
        str(path.relative_to(top)): path.read_text()
        for path in sorted(top.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(top).parts
    }


def reject(world: World, session: str, path: str, **fields: Any) -> m.Reject:
    stat = world.ask(m.DiffStat(session=session))
    old = next(file.old_path for file in stat.files if file.path == path)
    fields.setdefault("key", new_uuid())
    return m.Reject(session=session, parts=stat.parts, path=path, old_path=old, **fields)


def events(world: World, session: str, *kinds: str) -> list[dict[str, Any]]:
    lines = (world.session_dir(session) / "journal.jsonl").read_text().splitlines()
    found = [json.loads(line)["event"] for line in lines]
    return [event for event in found if event["type"] in kinds]


def settled(world: World, session: str) -> bool:
    """Whether everything that was begun is done."""
    begun = events(world, session, "change_rejected", "rejection_undone")
    return len(begun) == len(events(world, session, "rejection_settled"))


def test_hunks_files_and_back(world: World) -> None:
    session, top = begun(world)
    then = texts(top)
    code, out, said = world.run("reject", session, "numbers.txt", "--hunk", "1")
    assert (code, out) == (0, "")
    assert "Took line 5 out of numbers.txt" in said
    assert (top / "numbers.txt").read_text() == NUMBERS.replace("30\n", "thirty\n")
    code, out, _ = world.run("reject", session, "new name.txt", "--json")
    assert json.loads(out)["oldPath"] == "old name.txt"
    assert world.run("reject", session, "added/file.txt")[0] == 0
    assert not (top / "added").exists()
    assert texts(top).keys() == then.keys() - {"new name.txt", "added/file.txt"} | {"old name.txt"}
    for left in (2, 1, 0):
        code, out, _ = world.run("reject", session, "--undo", "--json")
        assert json.loads(out)["left"] == left
    assert texts(top) == then
    assert "No change is left" in world.run("reject", session, "--undo")[2]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere.txt",), "not among the changed files"),
        (("numbers.txt", "--hunk", "7"), "has 2 hunks; there is no hunk 7"),
        (("numbers.txt", "--undo"), "Name a file, or --undo"),
        ((), "Name a file, or --undo"),
        (("--undo", "--hunk", "1"), "Leave out --hunk"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    words: tuple[str, ...], said: str, world: World, refusing: str
) -> None:
    code, _, talk = world.run("reject", refusing, *words)
    assert code == 2
    assert said in talk


@pytest.fixture(scope="module")
def refusing(world: World) -> str:
    return begun(world)[0]


def test_what_has_changed_since_is_refused(world: World) -> None:
    session, top = begun(world)
    message = reject(world, session, "numbers.txt")
    (top / "numbers.txt").write_text("new\n")
    with pytest.raises(RefusedError, match="not what it was"):
        world.ask(message)
    world.ask(reject(world, session, "numbers.txt"))
    (top / "numbers.txt").write_text("newer\n")
    with pytest.raises(RefusedError, match="has changed since") as caught:
        world.ask(m.UndoReject(key=new_uuid(), session=session))
    assert (top / "numbers.txt").read_text() == "newer\n"
    kept = Path(caught.value.hint.rpartition(" ")[2])
    assert (kept / "0.before").read_text() == "new\n"


def test_a_repeated_request_acts_once(world: World) -> None:
    session, top = begun(world)
    message = reject(world, session, "numbers.txt")
    first = world.ask(message)
    assert world.ask(message) == first
    undo = m.UndoReject(key=new_uuid(), session=session)
    assert world.ask(undo) == world.ask(undo)
    with pytest.raises(RefusedError):
        world.ask(message)
    assert (top / "numbers.txt").read_text() == CHANGED
    assert len(events(world, session, "change_rejected", "rejection_undone")) == 2


def test_the_agent_is_told_once_with_the_next_message(world: World) -> None:
    session, _ = begun(world)
    world.ask(reject(world, session, "numbers.txt"))
    world.ask(reject(world, session, "added/file.txt"))
    world.ask(m.UndoReject(key=new_uuid(), session=session))
    for text in ("echo one", "echo two"):
        ended = len(events(world, session, "turn_ended"))
        world.ask(m.Send(key=new_uuid(), session=session, text=text))
        wait_until(lambda n=ended: len(events(world, session, "turn_ended")) > n)  # type: ignore[misc]
    _, first, second = events(world, session, "message_queued")
    assert "note" not in second
    assert "the whole change of numbers.txt" in first["note"]
    assert "added" not in first["note"]
    assert first["text"] == "echo one"
    said = events(world, session, "assistant_text")
    assert [event["text"] for event in said[-2:]] == ["one", "two"]
    world.ask(m.UndoReject(key=new_uuid(), session=session))
    world.ask(m.Send(key=new_uuid(), session=session, text="echo three"))
    assert "put these changes back" in events(world, session, "message_queued")[-1]["note"]


def test_a_deleted_and_restored_session_can_still_undo(world: World) -> None:
    session, top = begun(world)
    then = texts(top)
    world.ask(reject(world, session, "numbers.txt"))
    assert world.run("rm", session)[0] == 0
    assert world.run("restore", session)[0] == 0
    world.ask(m.UndoReject(key=new_uuid(), session=session))
    assert texts(Path(world.row(session)["worktree"])) == then


@pytest.mark.parametrize(
    ("point", "undoing"),
    varied_rows((p, u) for p in POINTS for u in (False, True) if not (u and p == "kept")),
)
def test_killed_at_any_step_it_is_done_or_not_done(
    point: str, *, undoing: bool, world: World
) -> None:
    session, top = begun(world)
    there = texts(top)
    message: m.Reject | m.UndoReject = reject(world, session, "new name.txt")
    out = there | {"old name.txt": there["new name.txt"]}
    del out["new name.txt"]
    if undoing:
        world.ask(message)
        message = m.UndoReject(key=new_uuid(), session=session)
    world.kill_supervisor()
    process = world.start_supervisor(PA_FAILPOINT=f"reject.{point}:kill")
    world.wait_ready(process)
    with pytest.raises(UnreachableError):
        world.ask(message, start=False)
    process.wait(10)
    world.wait_ready(world.start_supervisor())
    wait_until(lambda: settled(world, session))
    before, after = (out, there) if undoing else (there, out)
    assert texts(top) == (before if point == "kept" else after)
    if point == "kept":
        world.ask(message)
    else:
        assert world.ask(message).is_out is not undoing
    assert texts(top) == after
    assert len(events(world, session, "change_rejected", "rejection_undone")) == 1 + undoing
