"""What nobody foresaw: everybody gets an answer, no session lies, and a restart heals.

Each fault is put into a real supervisor of its own process, which then drives real demo agents.
"""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar, get_args

import pytest

from parallel_agents.core.errors import InternalError, UserError
from parallel_agents.core.events import AssistantText
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.options import Decision
from parallel_agents.wire import messages as m
from parallel_agents.wire.request import Request
from tests.support.faulty import FAULTY, PLACES
from tests.support.world import World, is_alive, wait_until

R = TypeVar("R")

ANSWER = 20.0
"""Seconds within which every client must have an answer, on a loaded machine, too."""

FAULTS = ("RuntimeError", "KeyError", "MemoryError", "RecursionError", "ExceptionGroup", "EIO")
REAL = ("done", "failed", "stopped", "idle")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as made:
        made.env["FAULTS"] = os.fspath(made.root / "faults")
        made.supervisor = ("-c", FAULTY)
        made.wait_ready(made.start_supervisor())
        made.trust()
        yield made
        fault(made)


@pytest.fixture(autouse=True)
def whole(world: World) -> Iterator[None]:
    """Each test begins and ends with nothing that fails."""
    fault(world)
    yield
    fault(world)


def fault(world: World, *lines: str) -> None:
    path = Path(world.env["FAULTS"])
    beside = path.with_suffix(".new")
    beside.write_text("\n".join(lines))
    beside.replace(path)


def within(world: World, message: Request[R]) -> R | UserError:
    """What a client is answered; it must not take longer than it may."""
    began = time.monotonic()
    try:
        return world.ask(message, start=False)
    except UserError as error:
        return error
    finally:
        assert time.monotonic() - began < ANSWER, message.type


def _example(kind: type[Any]) -> Any:
    """A request that would be answered if nothing failed."""
    key = new_uuid()
    given: dict[str, Any] = {
        "key": key,
        "session": "none",
        "directory": "/",
        "prompt": "echo x",
        "text": "x",
        "name": "x",
        "pinned": True,
        "states": ("done",),
        "after": 0,
        "prefix": "",
        "decision": Decision(behavior="deny"),
        "path": "/",
        "parts": (),
        "id": "x",
        "blob": "0" * 40,
    }
    fields = kind.__struct_fields__
    return kind(
        **{name: value for name, value in given.items() if name in fields and name != "type"}
    )


REQUESTS = [
    kind
    for kind in get_args(m.AnyRequest)
    if kind not in (m.Hello, m.Subscribe, m.Follow, m.Shutdown)
]


@pytest.mark.parametrize("kind", REQUESTS, ids=lambda kind: kind.__name__)
def test_every_request_is_answered_whatever_happens(world: World, kind: type[Any]) -> None:
    message = _example(kind)
    for error in FAULTS:
        fault(world, f"request:{message.type} {error} 1")
        said = within(world, message)
        assert isinstance(said, UserError), said
        if error == "EIO":
            assert said.kind == "storage"
        else:
            assert isinstance(said, InternalError)
            assert said.code == 1
            assert error in said.message
            assert "supervisor.log" in said.hint
    assert world.ask(m.ListSessions(), start=False).sessions is not None
    assert "Traceback" in (world.state / "supervisor.log").read_text()


def test_the_command_line_says_it_and_where_the_log_is(world: World) -> None:
    fault(world, "request:list RuntimeError 1")
    code, out, err = world.run("ls")
    assert code == 1
    assert not out
    assert "inside parallel-agents" in err
    assert "supervisor.log" in err
    assert "Traceback" not in err
    assert world.run("ls")[0] == 0


def _settled(world: World, session: str) -> dict[str, Any]:
    """The row of a session that has come to rest, and does not lie about its process."""
    row = world.wait_state(session, *REAL, deadline=60)
    if row["pid"] is None:
        mine = set(_shims_of(world, session))
        wait_until(
            lambda: mine.isdisjoint(_shims_of(world, session)), 60, f"{session} has no process"
        )
    else:
        assert is_alive(row["pid"])
    return row


@pytest.mark.parametrize("times", [1, 99], ids=["once", "always"])
@pytest.mark.parametrize("place", PLACES)
def test_a_session_whose_task_dies_says_so_and_obeys(world: World, place: str, times: int) -> None:
    fault(world, f"{place} RuntimeError {times}")
    asked = within(world, world.dispatch("echo ready"))
    if isinstance(asked, UserError):
        return  # refused in words: there is no session
    session = asked.id
    try:
        _settled(world, session)
        assert not isinstance(within(world, m.Show(session=session)), UserError)
        assert not isinstance(within(world, m.Explain(session=session)), UserError)
        assert not isinstance(within(world, m.ReadRecords(session=session)), UserError)
        within(world, m.Stop(key=new_uuid(), session=session, wait=False))
        within(world, m.Delete(key=new_uuid(), session=session, wait=False))
    finally:
        fault(world)
    _obeys(world, session)


@pytest.mark.parametrize("error", FAULTS)
def test_a_session_whose_process_cannot_be_ended_either_is_given_up(
    world: World, error: str
) -> None:
    """It says so, nobody waits for it, and its process is ended as soon as that can be done."""
    fault(world, "run.driver:Driver._pump RuntimeError 99", f"run.process:Run.end {error} 99")
    session = world.ask(world.dispatch("echo ready"), start=False).id
    row = world.wait_state(session, "failed")
    assert "Whether its process has ended is not known" in row["detail"]
    assert row["pid"] is None
    world.ask(m.Stop(key=new_uuid(), session=session), start=False)
    assert _shims_of(world, session)
    fault(world)
    _settled(world, session)
    _obeys(world, session)


def test_the_next_supervisor_ends_what_was_given_up(world: World) -> None:
    fault(world, "run.driver:Driver._pump RuntimeError 99", "run.process:Run.end RuntimeError 99")
    session = world.ask(world.dispatch("echo ready"), start=False).id
    world.wait_state(session, "failed")
    assert _shims_of(world, session)
    pid = world.supervisor_pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid), what="the supervisor is gone")
    fault(world)
    world.wait_ready(world.start_supervisor())
    assert _settled(world, session)["state"] == "failed"
    _obeys(world, session)


@pytest.mark.parametrize("error", FAULTS)
def test_a_session_is_given_up_though_that_fails_as_well(world: World, error: str) -> None:
    fault(world, "run.driver:Driver._pump RuntimeError 99", f"run.driver:Driver._give_up {error} 3")
    session = world.ask(world.dispatch("echo ready"), start=False).id
    assert _settled(world, session)["state"] == "failed"
    fault(world)
    _obeys(world, session)


def _shims_of(world: World, session: str) -> list[Path]:
    """The runs of a session whose shim lives."""
    directory = world.session_dir(session)
    return [run for run in world.shims() if run.is_relative_to(directory)]


def _obeys(world: World, session: str) -> None:
    """Once nothing fails any more, it works and goes away as any other."""
    wait_until(lambda: not _is_deleting(world, session), what="its deletion ends")
    if not _listed(world, session):
        return  # it was deleted
    world.ask(m.Respawn(key=new_uuid(), session=session, environment=world.env), start=False)
    world.ask(m.Send(key=new_uuid(), session=session, text="echo again"), start=False)
    wait_until(lambda: "again" in _spoken(world, session), 60, f"{session} answers")
    world.ask(m.Delete(key=new_uuid(), session=session), start=False)
    assert not _listed(world, session)


def _listed(world: World, session: str) -> m.SessionRow | None:
    """Its row; None when there is none."""
    rows = world.ask(m.ListSessions(every=True), start=False).sessions
    return next((row for row in rows if row.id == session), None)


def _is_deleting(world: World, session: str) -> bool:
    row = _listed(world, session)
    return row is not None and row.deleting


def _spoken(world: World, session: str) -> str:
    records = world.ask(m.ReadRecords(session=session, limit=200), start=False).records
    texts = [r.event.text for r in records if isinstance(r.event, AssistantText)]
    return "\n".join(texts)


@pytest.mark.parametrize("kind", ["EAGAIN", "ENOMEM", "EMFILE", "RuntimeError"])
def test_no_process_can_be_started(world: World, kind: str) -> None:
    session = world.new("echo ready")
    world.wait_state(session, "done")
    world.ask(m.Stop(key=new_uuid(), session=session), start=False)
    fault(world, f"fork {kind} 99")
    for message in (
        world.dispatch("echo ready"),
        m.DiffStat(session=session),
        m.Respawn(key=new_uuid(), session=session, environment=world.env),
        m.ListSessions(),
    ):
        within(world, message)
    world.wait_state(session, "failed")
    _settled(world, session)
    fault(world)
    _obeys(world, session)


def test_descriptors_run_out(world: World) -> None:
    """With 0 to 64 left: every client is answered, and it goes on once there are some again."""
    session = world.new("echo ready")
    world.wait_state(session, "done")
    pid = world.supervisor_pid()
    assert pid is not None
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    try:
        for left in (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64):
            used = max(int(each.name) for each in Path(f"/proc/{pid}/fd").iterdir()) + 1
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + left, before[1]))
            for message in (
                m.ListSessions(),
                m.Show(session=session),
                m.DiffStat(session=session),
                m.Send(key=new_uuid(), session=session, text="echo more"),
                world.dispatch("echo ready"),
            ):
                said = within(world, message)
                if isinstance(said, UserError):
                    assert said.kind in {"exhausted", "git", "agent"}, said.message
                    assert "space" not in said.hint
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    assert world.supervisor_pid() == pid
    for row in world.ask(m.ListSessions(every=True), start=False).sessions:
        _settled(world, row.id)
    _obeys(world, session)


def test_a_disk_that_hangs_while_facts_are_saved_keeps_nobody_waiting(world: World) -> None:
    """More sessions than there are threads for it: all are answered, and end."""
    fault(world, "record.checkpoint:Checkpoint.write hang 1")
    sessions = [world.new("echo ready") for _ in range(5)]
    for session in sessions:
        world.wait_state(session, "done")
        world.ask(m.Stop(key=new_uuid(), session=session), start=False)
        assert world.row(session, start=False)["state"] == "stopped"
    assert not isinstance(within(world, m.ListSessions()), UserError)
    assert world.run("ls")[0] == 0
    assert not isinstance(within(world, m.DiffStat(session=sessions[0])), UserError)
    fault(world)
    for session in sessions:
        wait_until((world.session_dir(session) / "meta.json").exists, what="the facts are saved")
        world.ask(m.Delete(key=new_uuid(), session=session), start=False)


def test_a_disk_that_hangs_keeps_nobody_waiting_but_who_asked_it_something(world: World) -> None:
    """What was asked has its effect; whoever asked is told so when the disk has it."""
    sessions = [world.new("echo ready") for _ in range(6)]
    for session in sessions:
        world.wait_state(session, "done")
    fault(world, "fsync hang 1")
    waits: list[Request[Any]] = [m.Stop(key=new_uuid(), session=each) for each in sessions[:3]]
    waits += [
        m.Respawn(key=new_uuid(), session=each, environment=world.env) for each in sessions[3:5]
    ]
    waits += [
        m.Trust(key=new_uuid(), directory=str(world.repo)),
        m.Delete(key=new_uuid(), session=sessions[5]),
        world.dispatch("echo new"),
        world.dispatch("echo new"),
    ]
    with ThreadPoolExecutor(len(waits)) as pool:
        try:
            asked = [pool.submit(world.ask, each, start=False) for each in waits]
            for session in sessions[:3]:
                world.wait_state(session, "stopped")
            for message in (m.ListSessions(), m.Show(session=sessions[0]), m.Status()):
                assert not isinstance(within(world, message), UserError)
            assert not isinstance(within(world, m.DiffStat(session=sessions[0])), UserError)
            renamed = m.Rename(key=new_uuid(), session=sessions[0], name="another")
            assert not isinstance(within(world, renamed), UserError)
            assert not any(each.done() for each in asked)
        finally:
            fault(world)
        for each in asked:
            assert each.result(60)
    for session in sessions[:5]:
        _obeys(world, session)


@pytest.mark.parametrize("times", [1, 99], ids=["once", "always"])
def test_what_the_disk_does_not_confirm_is_said(world: World, times: int) -> None:
    """It is done, and whoever asked knows that a power failure may undo it."""
    session = world.new("echo ready")
    world.wait_state(session, "done")
    fault(world, f"fsync EIO {times}")
    said = within(world, m.Stop(key=new_uuid(), session=session))
    assert isinstance(said, UserError)
    assert said.kind == "storage"
    assert "does not confirm" in said.message
    assert _state(world, session) == "stopped"
    for message in (
        m.Respawn(key=new_uuid(), session=session, environment=world.env),
        m.Trust(key=new_uuid(), directory=str(world.repo)),
        world.dispatch("echo ready"),
        m.ListSessions(),
    ):
        within(world, message)
    wait_until(lambda: world.row(session)["pid"] or _state(world, session) != "done")
    _settled(world, session)
    fault(world)
    _obeys(world, session)


def _state(world: World, session: str) -> str:
    return str(row.state) if (row := _listed(world, session)) else ""


def test_a_supervisor_that_hangs_is_noticed(world: World) -> None:
    """Whoever asks is told within seconds which process does not answer, and what to do."""

    pid = world.supervisor_pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        said = within(world, m.ListSessions())
        assert isinstance(said, UserError)
        assert str(pid) in said.message
        assert "kill" in said.hint
    finally:
        os.kill(pid, signal.SIGCONT)
    assert world.ask(m.ListSessions(), start=False)
