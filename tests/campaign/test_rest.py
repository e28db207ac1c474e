"""A killed shim, a torn journal, and every step of create and delete that fails."""

import json
import random

from parallel_agents.core.ids import new_uuid
from parallel_agents.wire.messages import Send, Shutdown
from tests.bench.journals import write_sessions
from tests.campaign import oracle, shims, torn
from tests.support.world import World, is_alive, wait_until


def test_a_killed_shim(world: World) -> None:
    world.trust()
    outcome = shims.run(world, 2)
    assert outcome.kills == 2
    assert not outcome.faults, outcome.notes


def test_a_torn_journal(world: World) -> None:
    world.trust()
    session = world.new("echo ready")
    world.wait_state(session, "done")
    outcome = torn.restart_on_cuts(world, session, random.Random(4), 3)
    assert outcome.cuts == 1024
    assert not outcome.faults, outcome.notes


def test_a_checkpoint_ahead_of_a_torn_journal_never_counts_again(world: World) -> None:
    world.trust()
    session = world.new("echo ready")
    world.wait_state(session, "done")
    directory = world.session_dir(session)
    before = (directory / "journal.jsonl").stat().st_size
    world.ask(Send(key=new_uuid(), session=session, text=f"echo {'long ' * 50}"))
    wait_until(lambda: world.row(session)["status"] == "idle")
    leave(world)
    with (directory / "journal.jsonl").open("r+b") as file:
        file.truncate(before)
    for word in ("one", "two"):
        world.ask(Send(key=new_uuid(), session=session, text=f"echo {word}"))
        wait_until(lambda: world.row(session)["status"] == "idle")
        world.kill_supervisor()
    assert world.row(session)["state"] == "done"
    found = oracle.check(directory, {})
    assert not found.faults, found.notes


def leave(world: World) -> None:
    """End the supervisor as `daemon stop --keep-sessions` does: it saves checkpoints."""
    pid = world.supervisor_pid()
    assert pid is not None
    world.ask(Shutdown(keep_sessions=True))
    wait_until(lambda: not is_alive(pid))


def test_a_supervisor_that_dies_soon_leaves_the_next_one_less_to_fold(world: World) -> None:
    write_sessions(world, 1, 600, 0)
    world.wait_ready(world.start_supervisor())
    world.kill_supervisor()
    saved = list(world.state.glob("sessions/*/meta.json"))
    assert len(saved) == 1
    assert json.loads(saved[0].read_text())["state"]["seq"] == 600
