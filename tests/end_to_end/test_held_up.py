"""Agents and shims that stop, die or fall silent: every request ends, nothing works on unseen."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from parallel_agents.core.errors import UserError
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.options import Decision
from parallel_agents.wire import messages as m
from tests.support.world import World, is_alive, wait_until

PATIENCE = "stop_patience = 0.3\n"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as made:
        (made.state / "config").mkdir(parents=True, mode=0o700)
        (made.state / "config/config.toml").write_text(PATIENCE)
        made.wait_ready(made.start_supervisor())
        made.trust()
        yield made


def shim_of(world: World, session: str) -> int:
    directory = world.session_dir(session)
    return next(pid for run, pid in world.shims().items() if run.is_relative_to(directory))


def at_work(world: World, prompt: str, state: str = "working") -> tuple[str, int, int]:
    """A session in a state, with the process ids of its agent and its shim."""
    session = world.new("echo ready")  # a conversation that was never saved cannot go on
    world.wait_state(session, "done")
    world.ask(m.Send(key=new_uuid(), session=session, text=prompt), start=False)

    row = world.wait_state(session, state)
    if state == "working":
        wait_until(lambda: _has_spoken(world, session), what="its turn has begun")
        row = world.row(session)
    return session, row["pid"], shim_of(world, session)


def _has_spoken(world: World, session: str) -> bool:
    records = world.ask(m.ReadRecords(session=session, limit=200), start=False).records
    return any("stopped listening" in getattr(record.event, "text", "") for record in records)


def works_again(world: World, session: str) -> None:
    world.ask(m.Respawn(key=new_uuid(), session=session, environment=world.env), start=False)
    world.ask(m.Send(key=new_uuid(), session=session, text="echo again"), start=False)
    world.wait_state(session, "done")
    world.ask(m.Delete(key=new_uuid(), session=session), start=False)


@pytest.mark.parametrize("who", ["agent", "shim"])
def test_a_process_killed_while_it_asks_takes_its_request_along(world: World, who: str) -> None:
    session, agent, shim = at_work(world, "permission: date", "blocked")
    os.kill(agent if who == "agent" else shim, signal.SIGKILL)
    row = world.wait_state(session, "failed")
    assert (row["pid"], row["waitingFor"]) == (None, None)
    assert not is_alive(agent)
    with pytest.raises(UserError, match="no pending request"):
        world.ask(m.Answer(key=new_uuid(), session=session, decision=Decision(behavior="allow")))
    works_again(world, session)


@pytest.mark.parametrize("stopped", [False, True], ids=["deaf", "stopped"])
def test_a_shim_that_dies_leaves_no_agent_behind(world: World, stopped: bool) -> None:
    """Its agent does not see that its input ended: it would work on beside the next one."""
    session, agent, shim = at_work(world, "hang")
    if stopped:
        os.kill(agent, signal.SIGSTOP)
    os.kill(shim, signal.SIGKILL)
    row = world.wait_state(session, "failed")
    assert row["pid"] is None
    assert not is_alive(agent), "nothing is said to be over that is not"
    works_again(world, session)


def test_what_a_shim_left_while_no_supervisor_ran_is_ended(world: World) -> None:
    session, agent, shim = at_work(world, "hang")
    world.kill_supervisor()
    os.kill(shim, signal.SIGKILL)
    world.wait_ready(world.start_supervisor())
    world.wait_state(session, "failed")
    assert not is_alive(agent)
    works_again(world, session)


@pytest.mark.parametrize("delete", [False, True], ids=["stop", "rm"])
@pytest.mark.parametrize("who", ["agent", "shim"])
def test_a_stopped_process_is_ended(world: World, who: str, delete: bool) -> None:
    neighbour, other, _ = at_work(world, "permission: date", "blocked")
    session, agent, shim = at_work(world, "hang")
    os.kill(agent if who == "agent" else shim, signal.SIGSTOP)
    key = new_uuid()
    if delete:
        world.ask(m.Delete(key=key, session=session), start=False)
    else:
        world.ask(m.Stop(key=key, session=session), start=False)
    assert not is_alive(agent)
    assert not is_alive(shim)
    if not delete:
        assert world.row(session)["state"] == "stopped"
        works_again(world, session)
    assert world.row(neighbour)["state"] == "blocked"
    assert is_alive(other)
    world.ask(m.Delete(key=new_uuid(), session=neighbour), start=False)


def test_who_speaks_to_a_shim_that_is_stopped_is_answered(world: World) -> None:
    """What was said is on record; it arrives once the shim goes on."""
    session, _, shim = at_work(world, "permission: date", "blocked")
    os.kill(shim, signal.SIGSTOP)
    for message in (
        m.Answer(key=new_uuid(), session=session, decision=Decision(behavior="allow")),
        m.Send(key=new_uuid(), session=session, text="echo later"),
    ):
        world.ask(message, start=False)
    os.kill(shim, signal.SIGCONT)
    world.wait_state(session, "done")
    world.ask(m.Delete(key=new_uuid(), session=session), start=False)


def test_a_shim_that_is_stopped_keeps_no_interruption_and_no_option_waiting(world: World) -> None:
    """An option is in effect once the agent says so: silence is told as what it is."""
    session, _, shim = at_work(world, "hang")
    os.kill(shim, signal.SIGSTOP)
    with pytest.raises(UserError, match="did not answer"):
        world.ask(m.SetOptions(key=new_uuid(), session=session, mode="plan"), start=False)
    world.ask(m.Interrupt(key=new_uuid(), session=session), start=False)
    assert world.row(session)["state"] == "working"
    os.kill(shim, signal.SIGCONT)
    world.ask(m.Stop(key=new_uuid(), session=session), start=False)
    works_again(world, session)
