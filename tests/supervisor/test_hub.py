"""Pushes: in order, to those they concern; who does not read is never waited for."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from parallel_agents.client.mirror import Mirror
from parallel_agents.core import events as ev
from parallel_agents.core.reduce import reduce
from parallel_agents.supervisor.base.hub import Hub, Subscriber
from parallel_agents.wire.codec import load_push
from parallel_agents.wire.messages import PUSH_LIMIT
from tests.support.examples import examples
from tests.support.facts import facts_of

DELTA = ev.Delta(message="m", block=0, offset=0, text="hi")


class World:
    """Two sessions, their hub, and one client with its mirror."""

    def __init__(self, *, complete: bool = True) -> None:
        self.states = {name: facts_of(id=name) for name in ("a", "b")}
        self.hub = Hub(lambda: list(self.states.values()))
        if complete:
            self.hub.complete()
        self.client = Subscriber()
        self.mirror = Mirror()

    def happen(self, session: str, text: str = "") -> None:
        state = self.states[session]
        record = ev.Record(seq=state.seq + 1, at=1, event=ev.Renamed(name=text or f"{state.seq}"))
        self.states[session] = reduce(state, record)
        self.hub.record(session, record)

    async def read(self) -> list[str]:
        """What the server does for a client, and what the client makes of it."""
        lines = await self.client.take()
        if self.client.behind:
            self.hub.resynchronise(self.client)
            lines = await self.client.take()
        pushes = [load_push(json.dumps(json.loads(line)["push"])) for line in lines]
        for push in pushes:
            self.mirror.apply(push)
        return [push.type for push in pushes]


async def test_a_snapshot_first_then_records_in_order() -> None:
    world = World()
    world.hub.add(world.client)
    world.happen("a")
    world.happen("b")
    assert await world.read() == ["state", "state", "ready", "record", "record"]
    assert world.mirror.sessions == world.states


async def test_partial_text_goes_to_who_follows() -> None:
    world = World()
    world.hub.add(world.client)
    await world.read()
    world.hub.delta("a", DELTA)
    world.client.followed = frozenset({"a"})
    assert world.hub.viewed("a")
    assert not world.hub.viewed("b")
    world.hub.delta("b", DELTA)
    world.hub.delta("a", DELTA)
    assert await world.read() == ["delta"]


async def test_a_client_that_does_not_read_is_resynchronised() -> None:
    world = World()
    world.hub.add(world.client)
    await world.read()
    for _ in range(6):
        world.happen("a", "n" * (PUSH_LIMIT // 4))
    world.happen("b")
    assert await world.read() == ["state", "state", "ready"]
    assert world.mirror.sessions == world.states
    world.happen("b")
    assert await world.read() == ["record"]
    assert world.mirror.sessions == world.states


async def test_what_it_is_owed_is_bounded() -> None:
    world = World()
    world.hub.add(world.client)
    for _ in range(50):
        world.happen("a", "n" * (PUSH_LIMIT // 4))
        assert world.client._size <= PUSH_LIMIT
    assert not world.client._queue


async def test_a_large_snapshot_is_sent_whole() -> None:
    """Or a client with many sessions would be resynchronised for ever."""
    world = World()
    world.states["a"] = facts_of(id="a", name="n" * 2 * PUSH_LIMIT)
    world.hub.add(world.client)
    assert await world.read() == ["state", "state", "ready"]
    world.happen("b")
    assert await world.read() == ["record"]


async def test_one_slow_client_costs_the_others_nothing() -> None:
    world, slow = World(), Subscriber()
    world.hub.add(world.client)
    world.hub.add(slow)
    await world.read()
    for _ in range(6):
        world.happen("a", "n" * (PUSH_LIMIT // 4))
        assert await world.read() == ["record"]
    assert slow.behind


async def test_who_left_is_owed_nothing() -> None:
    world = World()
    world.hub.add(world.client)
    await world.read()
    world.hub.remove(world.client)
    world.happen("a")
    assert not world.client._queue


async def test_a_session_that_went_is_forgotten() -> None:
    world = World()
    world.hub.add(world.client)
    await world.read()
    del world.states["b"]
    world.hub.refresh()
    await world.read()
    assert set(world.mirror.sessions) == {"a"}


async def test_waiting_ends_with_the_first_push() -> None:
    world = World()
    world.hub.add(world.client)
    await world.read()
    waiting = asyncio.create_task(world.client.take())
    await asyncio.sleep(0)
    assert not waiting.done()
    world.happen("a")
    assert len(await waiting) == 1


@settings(max_examples=examples(40))
@given(st.lists(st.sampled_from(["small", "huge", "read", "refresh"]), max_size=30))
def test_however_slowly_it_reads_it_ends_with_the_truth(steps: list[str]) -> None:
    async def scenario() -> None:
        world = World()
        world.hub.add(world.client)
        doing: dict[str, Any] = {
            "small": lambda: world.happen("a"),
            "huge": lambda: world.happen("b", "n" * (PUSH_LIMIT // 3)),
            "refresh": world.hub.refresh,
        }
        for step in steps:
            if step != "read":
                doing[step]()
            elif world.client._queue or world.client.behind:
                await world.read()
        world.happen("a")
        await world.read()
        assert world.mirror.sessions == world.states

    asyncio.run(scenario())


@pytest.mark.parametrize("session", ["a", "b"])
async def test_progress_reaches_everybody(session: str) -> None:
    world = World()
    world.hub.add(world.client)
    world.hub.progress(session, 3, 9)
    await world.read()
    assert world.mirror.progress == {session: (3, 9)}


async def test_nobody_is_told_that_all_is_there_before_it_is() -> None:
    world = World(complete=False)
    world.hub.add(world.client)
    assert await world.read() == ["state", "state"]
    world.states["c"] = facts_of(id="c")
    world.hub.found(world.states["c"])
    assert await world.read() == ["state"]
    world.hub.complete()
    assert await world.read() == ["state", "state", "state", "ready"]
    assert world.mirror.sessions == world.states


async def test_a_client_is_told_what_the_trash_has_cost() -> None:
    world = World()
    world.hub = Hub(lambda: list(world.states.values()), lambda: 1.5)
    world.hub.complete()
    world.hub.add(world.client)
    assert await world.read() == ["state", "state", "ready"]
    assert world.mirror.cost == 1.5
