"""An agent that shares nothing with claude, through the verbs, without a line changed for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from parallel_agents.core.errors import RefusedError
from parallel_agents.core.ids import new_uuid
from parallel_agents.wire.messages import AttachBegin
from tests.support.sketch.supervisor import COMMAND
from tests.support.world import World, wait_until


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        made.supervisor = COMMAND
        made.wait_ready(made.start_supervisor())
        made.trust()
        yield made


def new(world: World, prompt: str, *words: str) -> str:
    code, said, error = world.run("new", prompt, "--agent", "sketch", "--base", "head", *words)
    assert code == 0, error
    return said.strip()


def logs(world: World, session: str) -> str:
    return world.run("logs", session)[1]


def begun(world: World, session: str) -> dict[str, str]:
    """What the program said of itself at the start of its turn."""
    return told(world, session, "turn_started")[0]


def told(world: World, session: str, kind: str) -> list[dict[str, str]]:
    """The journalled events of a kind."""
    journal = (world.session_dir(session) / "journal.jsonl").read_text().splitlines()
    events = [json.loads(line)["event"] for line in journal]
    return [event for event in events if event["type"] == kind]


def test_it_starts_in_its_worktree_in_its_usual_mode(world: World) -> None:
    session = new(world, "hello")
    row = world.wait_state(session, "done", "failed")
    assert row["state"] == "done"
    assert "I heard: hello" in logs(world, session)
    assert (begun(world, session)["cwd"], begun(world, session)["mode"]) == (
        row["worktree"],
        "careful",
    )


def test_its_own_modes_and_no_others(world: World) -> None:
    session = new(world, "hello", "--permission-mode", "bold")
    world.wait_state(session, "done")
    assert begun(world, session)["mode"] == "bold"
    code, _, error = world.run("new", "x", "--agent", "sketch", "--permission-mode", "plan")
    assert code == 2
    assert "no mode “plan”" in error
    assert "careful, bold" in error
    code, _, error = world.run("new", "x", "--agent", "sketch", "--effort", "high")
    assert code == 2
    assert "no effort" in error


def test_what_the_settings_choose_is_for_the_agent_they_choose(world: World) -> None:
    world.commit_preset('mode = "acceptEdits"\nmodel = "demo-small"\n')
    world.trust()
    session = new(world, "hello")
    world.wait_state(session, "done")
    assert begun(world, session)["mode"] == "careful"
    assert world.row(session)["model"] is None


def test_doctor_lists_each_agent_with_what_it_can_be_told(world: World) -> None:
    said = world.run("doctor")[1]
    assert "sketch" in said
    assert "careful, bold" in said
    assert "low, medium, high" in said


def test_a_permission_is_answered(world: World) -> None:
    session = new(world, "ask green")
    world.wait_state(session, "blocked")
    assert world.row(session)["detail"] == "paint in green"
    code, said, error = world.run("answer", session, "--always")
    assert (code, said) == (2, "")
    assert "no rule" in error
    code, said, error = world.run("answer", session, "--allow")
    assert code == 0, error
    assert "paint" in said
    world.wait_state(session, "done")
    assert "you said allow" in logs(world, session)


def test_a_question_is_answered(world: World) -> None:
    session = new(world, "choose")
    world.wait_state(session, "blocked")
    assert world.row(session)["detail"] == "Which colour?"
    code, _, error = world.run("answer", session, "--choose", "green")
    assert code == 2
    assert "red" in error
    code, _, error = world.run("answer", session, "--choose", "blue")
    assert code == 0, error
    world.wait_state(session, "done")
    assert "you chose blue" in logs(world, session)


def test_its_files_are_read_and_written_in_its_worktree(world: World) -> None:
    session = new(world, "read README.md")
    row = world.wait_state(session, "done")
    assert "read: # Shop" in logs(world, session)
    path = Path(row["worktree"], "deep/er/note.txt")
    assert world.run("send", session, f"write {path} some words")[0] == 0
    wait_until(lambda: world.row(session)["changes"]["files"] == 1, what="the change is counted")
    assert path.read_text() == "some words"
    assert not (world.repo / "deep").exists()


@pytest.mark.parametrize("where", ["absolute", "upwards", "linked"])
def test_a_file_outside_of_it_is_refused(where: str, world: World) -> None:
    session = new(world, "hello")
    tree = Path(world.wait_state(session, "done")["worktree"])
    (tree / "out").symlink_to(world.repo)
    secret = world.repo / "secret.txt"
    secret.write_text("nobody's business")
    named = {
        "absolute": str(secret), "upwards": "../../../secret.txt", "linked": "out/secret.txt"
    }[where]  # fmt: skip
    for turn, act in enumerate([f"read {named}", f"write {named} changed"], 2):
        assert world.run("send", session, act)[0] == 0
        wait_until(lambda: len(told(world, session, "turn_ended")) == turn, what=act)  # noqa: B023
    assert secret.read_text() == "nobody's business"
    assert [bool(event["refused"]) for event in told(world, session, "file_served")] == [True, True]
    said = logs(world, session)
    assert "nobody" not in said
    assert "read: refused" in said
    assert "write: refused" in said


def test_a_file_is_served_again_when_that_is_not_on_record(world: World) -> None:
    """A supervisor that died between answer and record must leave no agent waiting for ever."""
    session = new(world, "read README.md")
    world.wait_state(session, "done")
    world.kill_supervisor()
    journal = world.session_dir(session) / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    cut = next(number for number, line in enumerate(lines) if '"file_served"' in line)
    journal.write_text("".join(lines[:cut]))
    (world.session_dir(session) / "meta.json").unlink(missing_ok=True)
    world.wait_ready(world.start_supervisor())
    world.wait_state(session, "done")
    assert [event["path"] for event in told(world, session, "file_served")] == ["README.md"]
    assert world.run("send", session, "hello again")[0] == 0
    wait_until(lambda: "I heard: hello again" in logs(world, session), what="it goes on")


def test_what_it_cannot_do_is_refused_with_what_to_do(world: World) -> None:
    session = new(world, "wait")
    world.wait_state(session, "working")
    code, _, error = world.run("interrupt", session)
    assert code != 0
    assert "cannot be interrupted" in error
    with pytest.raises(RefusedError, match="no interactive program"):
        world.ask(AttachBegin(key=new_uuid(), session=session))
    assert world.run("stop", session)[0] == 0
    assert world.row(session)["state"] == "stopped"


def test_a_new_process_says_that_it_remembers_nothing(world: World) -> None:
    session = new(world, "hello")
    world.wait_state(session, "done")
    assert world.run("stop", session)[0] == 0
    assert world.run("send", session, "again")[0] == 0
    world.wait_state(session, "done")
    said = logs(world, session)
    assert "I heard: again" in said
    assert "cannot resume" in said


def test_the_variable_of_one_agent_starts_no_other(world: World, tmp_path: Path) -> None:
    """It named a program for every agent that is looked for on the `PATH`."""
    world.env["PARALLEL_AGENTS_CLAUDE"] = str(tmp_path / "nothing")
    session = new(world, "hello")
    assert world.wait_state(session, "done", "failed")["state"] == "done"
