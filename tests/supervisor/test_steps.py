"""Set-up and teardown commands of a repository, by real supervisors and real shells."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from parallel_agents.core.errors import UsageError
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.options import Options
from parallel_agents.supervisor.base.config import REPOSITORY_SETTINGS, Preset, load_preset
from parallel_agents.wire.messages import Delete, ReadRecords, Respawn
from tests.support.world import World, wait_until


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        yield made


def preset(world: World, text: str) -> None:
    """Commit the repository's settings, and trust them."""
    world.commit_preset(text)
    world.trust()


def events(world: World, session: str, kind: str) -> list[Any]:
    reply = world.ask(ReadRecords(session=session, limit=400))
    return [r.event for r in reply.records if r.event.type == kind]


def output(world: World, session: str) -> str:
    return "".join(event.text for event in events(world, session, "step_output"))


def lives(pid: int) -> bool:
    """Whether a process is there and more than a zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def told(world: World, session: str) -> dict[str, str]:
    """What a command was told of its place, as it printed it."""
    lines = (line.partition("=") for line in output(world, session).splitlines())
    return {name: value for name, _, value in lines if name.startswith("PARALLEL_AGENTS_")}


def test_commands_run_in_the_worktree_before_the_agent(world: World) -> None:
    preset(world, 'setup = ["env", "pwd; echo made > made.txt"]\nports = 3\n')
    first, second = world.new("echo ready", name="one"), world.new("echo ready", name="two")
    row = world.wait_state(first, "done")
    world.wait_state(second, "done")
    said = told(world, first)
    assert said["PARALLEL_AGENTS_NAME"] == "one"
    assert said["PARALLEL_AGENTS_WORKTREE"] == row["worktree"]
    assert said["PARALLEL_AGENTS_ROOT"] == str(world.repo)
    assert said["PARALLEL_AGENTS_BRANCH"] == row["branch"]
    assert said["PARALLEL_AGENTS_SESSION"] == first
    assert said["PARALLEL_AGENTS_PORTS"] == "3"
    apart = int(said["PARALLEL_AGENTS_PORT"]) - int(told(world, second)["PARALLEL_AGENTS_PORT"])
    assert abs(apart) >= 3
    assert row["worktree"] in output(world, first)
    assert (Path(row["worktree"]) / "made.txt").read_text() == "made\n"
    kinds = [r.event.type for r in world.ask(ReadRecords(session=first)).records]
    assert kinds.index("setup_done") < kinds.index("run_started")


def test_a_failed_set_up_keeps_the_worktree_and_is_tried_again(world: World) -> None:
    preset(world, 'setup = "echo looking; test -f $PARALLEL_AGENTS_ROOT/../ready || exit 7"\n')
    session = world.new("echo ready")
    row = world.wait_state(session, "failed")
    assert "exit status 7" in row["detail"]
    assert Path(row["worktree"]).is_dir()
    assert "looking" in world.run("logs", session)[1]
    (world.root / "ready").touch()
    world.ask(Respawn(key=new_uuid(), session=session))
    assert world.wait_state(session, "done")["worktree"] == row["worktree"]


def test_a_command_that_takes_too_long_is_ended_with_its_children(world: World) -> None:
    preset(world, 'setup = "sleep 1000 & echo $! > child; sleep 1000"\nsetup_timeout = 0.5\n')
    session = world.new("echo ready")
    row = world.wait_state(session, "failed")
    assert "longer than 0.5 s" in row["detail"]
    child = int((Path(row["worktree"]) / "child").read_text())
    wait_until(lambda: not lives(child), what="the end of the command's child")


def test_one_that_a_killed_supervisor_left_is_ended_and_run_again(world: World) -> None:
    wait = "test -f ../../../../ready || sleep 1000"
    preset(world, f'setup = "echo $$ >> ../../../../runs; {wait}"\n')
    session = world.new("echo ready")
    runs = world.root / "runs"
    wait_until(lambda: runs.exists() and runs.read_text(), what="the set-up")
    world.kill_supervisor()
    (world.root / "ready").touch()
    world.wait_state(session, "done")
    first, second = (int(pid) for pid in runs.read_text().split())
    assert first != second
    assert not lives(first)


def test_teardown_runs_before_the_deletion_and_hinders_nothing(world: World) -> None:
    preset(world, 'teardown = ["echo bye > $PARALLEL_AGENTS_ROOT/../bye; pwd", "exit 3"]\n')
    session = world.new("echo ready")
    row = world.wait_state(session, "done")
    world.ask(Delete(key=new_uuid(), session=session))
    assert (world.root / "bye").read_text() == "bye\n"
    assert not Path(row["worktree"]).exists()
    code, _, said = world.run("restore", session)
    assert code == 0, said
    assert "teardown did not succeed" in world.run("logs", session)[1]
    assert row["worktree"] in output(world, session)


def test_nothing_runs_without_trust(world: World) -> None:
    preset(world, f'setup = "touch {world.root}/ran"\nteardown = "touch {world.root}/ran"\n')
    session = world.new("echo ready", options=Options(mode="default", trusted=False))
    world.wait_state(session, "done")
    world.ask(Delete(key=new_uuid(), session=session))
    assert not (world.root / "ran").exists()


def test_what_changed_since_it_was_accepted_does_not_run(world: World) -> None:
    preset(world, 'setup = "false"\n')
    session = world.new("echo ready")
    world.wait_state(session, "failed")
    (world.repo / REPOSITORY_SETTINGS).write_text(f'setup = "touch {world.root}/ran"\n')
    world.ask(Respawn(key=new_uuid(), session=session))
    wait_until(lambda: "has changed" in world.row(session)["detail"], what="the refusal")
    assert world.row(session)["state"] == "failed"
    assert not (world.root / "ran").exists()


@pytest.mark.parametrize(
    "text",
    ['setup = 5', 'setup = ["a", 1]', "ports = 101", "ports = -1", 'ports = "3"', "ports = true",
     "setup_timeout = 0", 'set-up = "make"', "setup = "],
)  # fmt: skip
def test_a_mistake_in_the_file_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / REPOSITORY_SETTINGS
    path.write_text(text)
    with pytest.raises(UsageError, match=REPOSITORY_SETTINGS):
        load_preset(path)


def test_one_command_or_several(tmp_path: Path) -> None:
    path = tmp_path / REPOSITORY_SETTINGS
    assert load_preset(path) == Preset()
    path.write_text('setup = "npm ci"\nteardown = ["a", "b"]\nsetup_timeout = 5\nports = 2\n')
    assert load_preset(path) == Preset(
        setup=("npm ci",), teardown=("a", "b"), setup_timeout=5, ports=2
    )
