"""The supervisor is killed; what the agents said, were told and were asked is whole."""

from typing import Any

from parallel_agents.core.ids import new_uuid
from parallel_agents.core.options import Decision
from parallel_agents.wire.messages import Answer, Send
from tests.campaign import kills, oracle
from tests.support.world import World, wait_until


def test_what_an_agent_says_does_not_depend_on_who_listened_before(world: World) -> None:
    world.trust()
    session = world.new("edit: a greeting")
    world.wait_state(session, "blocked")
    world.kill_supervisor()
    wait_until(lambda: allow(world, session)["state"] == "done")
    world.kill_supervisor()
    world.ask(Send(key=new_uuid(), session=session, text="echo no model call"))
    wait_until(lambda: world.row(session)["status"] == "idle")
    found = oracle.check(world.session_dir(session), {})
    assert not found.faults, found.notes


def allow(world: World, session: str) -> dict[str, Any]:
    """Allow what the session asks; returns its row from before that."""
    row = world.row(session)
    for pending in row["pending"]:
        decision = Decision(behavior="allow")
        request = pending["requestId"]
        world.ask(Answer(key=new_uuid(), session=session, request=request, decision=decision))
    return row


def test_random_kills(world: World) -> None:
    outcome = kills.run(world, kills.Plan(kills=10, sessions=5, seed=20))
    assert not outcome.faults, outcome.notes
    assert outcome.findings.messages > 10
    assert outcome.findings.decisions > 0
