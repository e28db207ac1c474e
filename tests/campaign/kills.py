"""Kills the supervisor at random moments while its sessions get messages and answers.

Keep true: every message is unique and is asked again under its own key until it is accepted, as
a client does; the supervisor is killed while it starts, too; what counts is examined afterwards
from the files.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from parallel_agents.client.quick import QuickClient
from parallel_agents.core.errors import UnreachableError, UserError
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.options import Decision, Options
from parallel_agents.wire.messages import Answer, Send, Show
from parallel_agents.wire.request import Request
from tests.campaign import oracle
from tests.support.world import World, is_alive, wait_until

R = TypeVar("R")

Compose = Callable[[random.Random, str], tuple[str, str]]
"""Makes a message with a unique mark: what is sent, and what the answer must be ("" for any)."""


def compose_demo(rng: random.Random, mark: str) -> tuple[str, str]:
    """A message for the demo agent: a word, numbered lines at a pace, or a permission."""
    choice = rng.random()
    if choice < 0.6:
        return f"echo {mark}", mark
    if choice < 0.85:
        return f"stream {rng.randrange(5, 60)} 200", ""
    return f"permission: {mark}", ""


def compose_claude(rng: random.Random, mark: str) -> tuple[str, str]:
    """A script for the Messages API server: a word, many deltas, or a command to allow."""
    choice = rng.random()
    if choice < 0.4:
        return f"SAY {mark}", mark
    if choice < 0.7:
        return f"SLOW 30 0.01 THEN SAY {mark}", ""
    return f"BASH echo {mark} >> {mark}.txt THEN SAY {mark}", mark


class Talker(threading.Thread):
    """Keeps one session busy.

    Args:
        session: its id.
        compose: makes messages.
        rng: its own source of chance.
        burst: how many messages are sent at most before their answers are awaited.

    Attributes:
        texts: what must have been answered, by the message's uuid.
        refused: what was refused that should not have been.
    """

    def __init__(self, session: str, compose: Compose, rng: random.Random, burst: int) -> None:
        super().__init__(name=f"talker-{session}")
        self.session = session
        self.texts: dict[str, str] = {}
        self.refused: list[str] = []
        self.enough = threading.Event()
        self._compose, self._rng, self._burst = compose, rng, burst
        self._client = QuickClient(start=False)

    def run(self) -> None:
        """Talk until it is enough, then until everything is answered."""
        try:
            while not self.enough.is_set():
                for _ in range(self._rng.randint(1, self._burst)):
                    self._send()
                self._listen()
        except (UserError, AssertionError) as error:
            self.refused.append(f"{self.session}: {error}")
        finally:
            self._client.close()

    def _send(self) -> None:
        key = new_uuid()
        text, answer = self._compose(self._rng, f"m{len(self.texts)}-{key[:8]}")
        self.texts[key] = answer
        self._ask(Send(key=key, session=self.session, text=text))

    def _listen(self) -> None:
        """Answer what is asked, until the session is at rest."""
        wait_until(self._at_rest, 120, f"{self.session} is at rest")

    def _at_rest(self) -> bool:
        row = self._ask(Show(session=self.session))
        for pending in row.pending:
            self._ask(
                Answer(
                    key=new_uuid(),
                    session=self.session,
                    request=pending.request_id,
                    decision=Decision(behavior="allow"),
                )
            )
        return bool(row.status == "idle")

    def _ask(self, message: Request[R]) -> R:
        """Ask until somebody answers: the supervisor is dead half of the time."""
        while True:
            try:
                return self._client.request(message)
            except (UnreachableError, OSError):
                self._client.close()
                time.sleep(0.01)


@dataclass
class Outcome:
    """What a campaign came to.

    Attributes:
        kills: of the supervisor.
        early: of those, before it answered anybody.
        returns: milliseconds from a kill until the next supervisor answered, sorted.
        refused: what the supervisor refused that it should not have.
        seconds: how long the kills took.
    """

    kills: int = 0
    early: int = 0
    sessions: int = 0
    returns: list[float] = field(default_factory=list)
    seconds: float = 0.0
    findings: oracle.Findings = field(default_factory=oracle.Findings)
    refused: list[str] = field(default_factory=list)

    @property
    def faults(self) -> dict[str, int]:
        """The figures that must be 0 and are not."""
        refused = {"refused": len(self.refused)} if self.refused else {}
        return self.findings.faults | refused

    @property
    def notes(self) -> list[str]:
        """What is known about the faults."""
        return self.refused + self.findings.notes

    def figures(self) -> dict[str, Any]:
        """For the table and the JSON."""
        found = vars(self.findings)
        counts = {name: value for name, value in found.items() if name != "notes"}
        middle = self.returns[len(self.returns) // 2] if self.returns else 0.0
        return {
            "kills": self.kills,
            "killed_while_starting": self.early,
            "sessions": self.sessions,
            "seconds": round(self.seconds, 1),
            "back_ms_p50": round(middle),
            "refused": len(self.refused),
            **counts,
        }


@dataclass(frozen=True)
class Plan:
    """How a campaign is run.

    Attributes:
        pause: longest time that a supervisor lives after it answered, in seconds; long enough to
            load what its agents need, or else no message would ever get anywhere.
        early: which part of the kills does not wait for the answer.
    """

    kills: int
    sessions: int
    seed: int
    agent: str = "demo"
    pause: float = 0.5
    early: float = 0.25


def run(world: World, plan: Plan) -> Outcome:
    """Carry out a campaign.

    Args:
        world: a fresh installation.
        plan: how many, how fast.
    """
    rng = random.Random(plan.seed)
    sessions = _begin(world, plan)
    pids = [world.row(session)["pid"] for session in sessions]
    compose = compose_demo if plan.agent == "demo" else compose_claude
    burst = 3 if plan.agent == "demo" else 1
    talkers = [Talker(s, compose, random.Random(rng.random()), burst) for s in sessions]
    outcome = Outcome(sessions=len(sessions))
    for talker in talkers:
        talker.start()
    try:
        _kill_often(world, plan, rng, outcome)
    finally:
        for talker in talkers:
            talker.enough.set()
        for talker in talkers:
            talker.join()
    _examine(world, talkers, pids, outcome)
    return outcome


def _begin(world: World, plan: Plan) -> list[str]:
    world.trust()
    first = "echo ready" if plan.agent == "demo" else "SAY ready"
    options = Options(mode="default")
    sessions = [
        world.new(first, agent=plan.agent, name=f"s{n}", options=options)
        for n in range(plan.sessions)
    ]
    for session in sessions:
        world.wait_state(session, "done")
    return sessions


def _kill_often(world: World, plan: Plan, rng: random.Random, outcome: Outcome) -> None:
    began = time.monotonic()
    world.supervisor = ("-c", oracle.KEEPING)
    world.kill_supervisor()
    process = world.start_supervisor()
    killed = time.monotonic()
    for _ in range(plan.kills):
        if rng.random() < plan.early:
            outcome.early += 1
            time.sleep(rng.uniform(0, 0.3))
        else:
            world.wait_ready(process)
            outcome.returns.append((time.monotonic() - killed) * 1000)
            time.sleep(rng.uniform(0, plan.pause))
        world.kill(process.pid)
        killed = time.monotonic()
        process = world.start_supervisor()
        outcome.kills += 1
    world.wait_ready(process)
    outcome.returns.sort()
    outcome.seconds = time.monotonic() - began


def _examine(world: World, talkers: list[Talker], pids: list[int], outcome: Outcome) -> None:
    for talker, pid in zip(talkers, pids, strict=True):
        outcome.refused += talker.refused
        found = oracle.check(world.session_dir(talker.session), talker.texts)
        found.dead += not is_alive(pid)
        outcome.findings.add(found)
