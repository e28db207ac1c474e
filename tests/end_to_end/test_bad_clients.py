"""Clients that misbehave, against a real supervisor: each costs its own connection and no more."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from parallel_agents.core.ids import new_uuid
from parallel_agents.wire import messages as m
from parallel_agents.wire.endpoint import supervisor_socket
from tests.support.world import World, wait_until

MORE_THAN_IT_HEARS = 260


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as made:
        made.wait_ready(made.start_supervisor())
        made.trust()
        yield made


def connect(world: World) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.connect(os.fspath(supervisor_socket(world.state)))
    made.settimeout(20)
    return made


def answers(world: World) -> bool:
    return world.ask(m.ListSessions(), start=False).sessions is not None


def memory(world: World) -> int:
    """How much the supervisor has in memory, in MiB."""
    text = Path(f"/proc/{world.supervisor_pid()}/status").read_text()
    line = next(line for line in text.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) >> 10


def test_silent_clients_keep_nobody_out(world: World) -> None:
    with contextlib.ExitStack() as stack:
        silent = [stack.enter_context(connect(world)) for _ in range(MORE_THAN_IT_HEARS)]
        assert answers(world)
        assert world.run("ls")[0] == 0
        assert silent[0].recv(1) == b"", "the first one was hung up on"


def test_who_is_too_many_is_told(world: World) -> None:
    """All of them asked something: there is no room, and the command line says so."""
    with contextlib.ExitStack() as stack:
        for _ in range(MORE_THAN_IT_HEARS):
            client = stack.enter_context(connect(world))
            with contextlib.suppress(ConnectionError):
                client.sendall(b'{"id":1,"request":{"type":"status"}}\n')
                client.recv(1)
        code, _, said = world.run("ls")
        assert code == 1
        assert "too many clients" in said
    wait_until(lambda: world.run("ls")[0] == 0, what="there is room again")


def test_who_asks_and_does_not_read_is_not_read_any_further(world: World) -> None:
    session = world.new("echo ready")
    world.wait_state(session, "done")
    for number in range(200):
        world.ask(m.Rename(key=new_uuid(), session=session, name=f"{number}" * 40), start=False)
    frame = json.dumps({"id": 1, "request": {"type": "records", "session": session, "limit": 500}})
    before = memory(world)
    with connect(world) as client:
        client.setblocking(False)
        asked = 0

        def is_full() -> bool:
            """Whether nothing can be sent any more, although the supervisor has time."""
            nonlocal asked
            before = asked
            with contextlib.suppress(BlockingIOError):
                while asked < 100_000:
                    client.sendall(frame.encode() + b"\n")
                    asked += 1
            assert answers(world)
            return asked == before

        wait_until(is_full, what="it is not read any more")
        assert asked < 100_000
        assert memory(world) < before + 200
    assert answers(world)


@pytest.mark.parametrize(
    "version", ["9" * 5000, "²", "", "1..2"], ids=["long", "no decimal", "none", "gap"]
)
def test_any_version_is_greeted(world: World, version: str) -> None:
    hello = {"type": "hello", "protocol": 99, "version": version, "environment": {}}
    with connect(world) as client:
        client.sendall(json.dumps({"id": 1, "request": hello}).encode() + b"\n")
        assert json.loads(client.makefile().readline())["reply"]["outdated"]


def test_no_page_of_a_patch_begins_before_the_first(world: World) -> None:
    session = world.new("echo ready")
    world.wait_state(session, "done")
    stat = world.ask(m.DiffStat(session=session), start=False)
    page = world.ask(m.DiffText(session=session, parts=stat.parts, offset=-100), start=False)
    assert page.next is None


def test_a_queue_that_is_full_is_not_waited_for(world: World) -> None:
    """One that hangs, and so many that wait for it that nobody else can even connect."""
    pid = world.supervisor_pid()
    assert pid is not None
    with contextlib.ExitStack() as stack:
        os.kill(pid, signal.SIGSTOP)
        stack.callback(os.kill, pid, signal.SIGCONT)
        with contextlib.suppress(BlockingIOError):
            while True:
                waiting = stack.enter_context(socket.socket(socket.AF_UNIX))
                waiting.setblocking(False)
                waiting.connect(os.fspath(supervisor_socket(world.state)))
        code, _, said = world.run("ls", timeout=30)
        assert code == 5
        assert "does not answer" in said
    wait_until(lambda: world.run("ls")[0] == 0, what="it goes on")
