"""Create, delete and restore come to their end, whatever fails on the way."""

import random

import pytest

from parallel_agents.core.errors import UserError
from parallel_agents.core.ids import new_uuid, short_id
from parallel_agents.wire.messages import Delete, Restore
from tests.campaign import steps
from tests.support.world import World


def test_a_sample_of_failing_steps(world: World) -> None:
    steps.prepare(world)
    outcome = steps.Outcome()
    for point, action in random.Random(8).sample(steps.ALL, 3):
        steps.fail_once(world, point, action, outcome)
    assert outcome.tried == 3
    assert not outcome.faults, outcome.notes


def test_kills_at_random_moments(world: World) -> None:
    steps.prepare(world)
    outcome = steps.kill_at_random(world, random.Random(2), 2)
    assert outcome.kills == 6
    assert not outcome.faults, outcome.notes


def test_the_same_request_is_answered_again_after_a_kill(world: World) -> None:
    steps.prepare(world)
    session = world.new("echo ready")
    world.wait_state(session, "done")
    for request in (
        Delete(key=new_uuid(), session=session),
        Restore(key=new_uuid(), session=session),
    ):
        first = world.ask(request)
        world.kill_supervisor()
        again = world.ask(request)
        assert getattr(again, "saved", None) == getattr(first, "saved", None)
    assert world.row(session)["state"] == "stopped"


def test_a_refused_deletion_is_not_called_done_when_it_is_asked_again(world: World) -> None:
    steps.prepare(world)
    begin = steps.dispatch(world)
    session = short_id(begin.key)
    world.ask(begin)
    world.wait_state(session, "done")
    world.kill_supervisor()
    process = world.start_supervisor(PA_FAILPOINT="delete.plan:ENOSPC")
    world.wait_ready(process)
    request = Delete(key=new_uuid(), session=session)
    with pytest.raises(UserError):
        world.ask(request)
    world.kill_supervisor()
    with pytest.raises(UserError):
        world.ask(request)
    assert not world.row(session)["deleting"]
