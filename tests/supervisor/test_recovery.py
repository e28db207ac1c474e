"""A supervisor that was killed between two records: the next one does what is still owed."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from parallel_agents.agents.demo.agent import DemoAgent
from parallel_agents.core import events as ev
from parallel_agents.core.codec import load_record
from parallel_agents.core.errors import UserError
from parallel_agents.supervisor.record.context import Context
from parallel_agents.supervisor.record.journal import Journal
from parallel_agents.supervisor.sessions import supervisor
from parallel_agents.supervisor.sessions.session import Session
from parallel_agents.wire.messages import ListSessions, Status
from tests.support.facts import LIVING, records
from tests.support.world import World, wait_until

PROMPT = ev.MessageQueued(uuid="m", text="go")
ASLEEP = (*LIVING, ev.StopRequested(reason="asleep"), ev.RunEnded(run=1, code=0, asked=True))
STOPPED = (*LIVING, ev.StopRequested(reason="person"), ev.RunEnded(run=1, code=0, asked=True))
DIED = (*LIVING, PROMPT, ev.RunEnded(run=1, signal=9))


async def _liveness_after_recovery(context: Context, *events: ev.Event) -> str:
    directory = context.session_dir("00000000")
    directory.mkdir(parents=True)
    journal = Journal(directory / "journal.jsonl", load_record)
    journal.append(records(*events))
    journal.close()
    session = Session(context, directory, DemoAgent())
    session.recover()
    found = session.state.process.liveness
    await asyncio.sleep(0)  # a task is cancelled cleanly only once it has begun
    await session.close()
    return found


@pytest.mark.parametrize(
    ("events", "liveness"),
    [
        ((LIVING[0], PROMPT, LIVING[1]), "starting"),
        ((*ASLEEP, PROMPT), "starting"),
        ((*STOPPED, PROMPT), "starting"),
        (ASLEEP, "none"),
        (STOPPED, "none"),
        (DIED, "none"),
        ((LIVING[0], PROMPT, ev.SetupFailed(message="no base")), "none"),
        ((LIVING[0], PROMPT, ev.StopRequested(reason="person"), LIVING[1]), "none"),
        ((*ASLEEP, PROMPT, ev.DeleteRequested()), "none"),
    ],
    ids=[
        "worktree made, process not started",
        "sent to one asleep",
        "sent to one stopped",
        "asleep",
        "stopped",
        "died with a message waiting",
        "set-up failed",
        "stopped while it was made",
        "sent, then deleted",
    ],
)
async def test_what_was_owed(context: Context, events: tuple[ev.Event, ...], liveness: str) -> None:
    assert await _liveness_after_recovery(context, *events) == liveness


def test_who_connects_while_sessions_are_taken_up_is_greeted() -> None:
    """One session takes as long as we want: its checkpoint is a pipe that nobody writes to."""
    with World() as world, ThreadPoolExecutor(1) as pool:
        world.trust()
        sessions = sorted(world.new("echo ready") for _ in range(2))
        for session in sessions:
            world.wait_state(session, "done")
        world.kill_supervisor()
        slow = world.session_dir(sessions[1]) / "meta.json"
        slow.unlink(missing_ok=True)
        os.mkfifo(slow)
        wait_until(lambda: world.ask(Status()).sessions == 1, what="the first one")
        listed = pool.submit(world.ask, ListSessions())
        assert world.ask(Status()).sessions == 1
        assert not listed.done()
        os.close(os.open(slow, os.O_WRONLY))
        assert sorted(row.id for row in listed.result(60).sessions) == sessions


async def test_the_end_of_all_does_not_wait_for_ever(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process whose end nobody records: the person is told, and may try again."""
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.01)
    sessions = supervisor.SessionSupervisor(context)
    directory = context.session_dir("00000000")
    directory.mkdir(parents=True)
    journal = Journal(directory / "journal.jsonl", load_record)
    journal.append(records(*LIVING))
    journal.close()
    session = Session(context, directory, DemoAgent())
    sessions.sessions[session.id] = session
    with pytest.raises(UserError, match=session.id):
        await sessions.stop_all()
    await session.close()


def test_a_stop_that_a_killed_supervisor_did_not_pass_on() -> None:
    """It is in the journal, so it happens; nobody has to ask again."""
    with World() as world:
        world.trust()
        session = world.new("echo ready")
        world.wait_state(session, "done")
        world.kill_supervisor()
        journal = Journal(world.session_dir(session) / "journal.jsonl", load_record)
        asked = ev.StopRequested(reason="person")
        journal.append([ev.Record(seq=journal.count + 1, at=1, event=asked)])
        journal.close()
        world.wait_state(session, "stopped")
