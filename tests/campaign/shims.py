"""Kills a shim: the one session is hurt and says so, the others and the conversation go on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from parallel_agents.core import events as ev
from parallel_agents.core.ids import new_uuid
from parallel_agents.wire.messages import Send
from tests.campaign import oracle
from tests.support.world import World, is_alive, wait_until


@dataclass
class Outcome:
    """What killing shims came to.

    Attributes:
        kills: of shims.
        unsaid: hurt sessions that did not show it.
        survivors: agents that outlived their shim.
        others: sessions hurt though their shim lived.
        unresumed: conversations that did not go on.
    """

    kills: int = 0
    unsaid: int = 0
    survivors: int = 0
    others: int = 0
    unresumed: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def faults(self) -> dict[str, int]:
        """The figures that must be 0 and are not."""
        return {k: v for k, v in vars(self).items() if k not in {"kills", "notes"} and v}

    def figures(self) -> dict[str, Any]:
        """For the table and the JSON."""
        return {name: value for name, value in vars(self).items() if name != "notes"}


def run(world: World, rounds: int) -> Outcome:
    """Kill the shim of a session in the middle of a turn, several times.

    Args:
        world: an installation whose repository is trusted.
        rounds: how many.
    """
    outcome = Outcome()
    hurt = world.new("echo ready", name="hurt")
    other = world.new("echo ready", name="other")
    for session in (hurt, other):
        world.wait_state(session, "done")
    peer = world.row(other)["pid"]
    for number in range(rounds):
        _kill_one(world, hurt, f"after {number}", outcome)
        outcome.others += world.row(other)["pid"] != peer or not is_alive(peer)
    return outcome


def _kill_one(world: World, session: str, mark: str, outcome: Outcome) -> None:
    world.ask(Send(key=new_uuid(), session=session, text="stream 2000 100"))
    wait_until(lambda: world.row(session)["status"] == "busy")
    number = len(list((world.session_dir(session) / "runs").iterdir()))
    directory = world.session_dir(session) / "runs" / str(number)
    log = directory / "out.log"
    wait_until(lambda: b"line 5" in log.read_bytes(), what="the agent is in a turn")
    agent = world.row(session)["pid"]
    world.kill(world.shims()[directory])
    outcome.kills += 1
    row = world.wait_state(session, "failed", "done", "idle", "stopped")
    outcome.unsaid += row["state"] != "failed"
    try:
        wait_until(lambda: not is_alive(agent), 10)
    except AssertionError:
        outcome.survivors += 1
    world.ask(Send(key=new_uuid(), session=session, text=f"echo {mark}"))
    row = world.wait_state(session, "done", "failed")
    records = oracle.read_journal(world.session_dir(session))
    said = [r.event.text for r in records if isinstance(r.event, ev.AssistantText)]
    if row["state"] != "done" or said.count(mark) != 1:
        outcome.unresumed += 1
        outcome.notes.append(f"{row['state']} {row['detail']} {said[-3:]}")
