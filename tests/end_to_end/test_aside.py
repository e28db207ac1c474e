"""Archive and snooze over the real supervisor."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from parallel_agents.core.ids import new_uuid
from parallel_agents.wire.messages import Snooze
from tests.support.world import World, wait_until


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        made.trust()
        yield made


def ids(world: World, *options: str) -> set[str]:
    return {row["id"] for row in json.loads(ok(world, "ls", "--json", *options))}


def ok(world: World, *words: str) -> str:
    code, out, error = world.run(*words)
    assert code == 0, error
    return out


def test_archived_sessions_are_out_of_the_list_and_kept(world: World) -> None:
    one, two = world.new("echo one"), world.new("echo two")
    for session in (one, two):
        world.wait_state(session, "done")
    ok(world, "archive", one, two)
    assert ids(world) == set()
    assert ids(world, "--all") == {one, two}
    world.kill_supervisor()
    assert ids(world) == set()
    ok(world, "unarchive", one)
    assert ids(world) == {one}
    ok(world, "send", two, "echo more")
    assert ids(world) == {one, two}


def test_a_snooze_ends_by_itself_also_while_no_supervisor_runs(world: World) -> None:
    session = world.new("echo one")
    world.wait_state(session, "done")
    ok(world, "snooze", session, "1h")
    assert world.row(session)["snoozedUntil"] > 0
    ok(world, "snooze", session, "off")
    assert world.row(session)["snoozedUntil"] == 0
    world.ask(Snooze(key=new_uuid(), session=session, until=1))
    wait_until(lambda: world.row(session)["snoozedUntil"] == 0, what="awake")
