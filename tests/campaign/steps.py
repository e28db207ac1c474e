"""Every step of create, delete and restore fails once: by a kill, no space, an I/O error.

Keep true: the failure happens inside a real supervisor; afterwards an untouched one is started on
what is left, and the same request, under the same key, is asked again.
"""

from __future__ import annotations

import random
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from parallel_agents.core.errors import UnreachableError, UserError
from parallel_agents.core.ids import new_uuid, short_id
from parallel_agents.core.options import Options
from parallel_agents.wire.messages import (
    Delete,
    ListTrash,
    New,
    Reconcile,
    Respawn,
    Restore,
    Send,
)
from parallel_agents.wire.request import Request
from tests.support.world import World, wait_until
from tests.worktrees.test_failpoints import POINTS

ACTIONS = ("kill", "ENOSPC", "EIO")
ALL = tuple((point, action) for point in POINTS for action in ACTIONS)
"""Every durable step of the worktree manager, with every way to fail there."""


@dataclass
class Outcome:
    """What the failures came to.

    Attributes:
        tried: failures that were asked for.
        passed_by: those whose step was not reached, because the request did not need it.
        kills: of the supervisor.
        wrong: requests that did not come to the same end as without a failure.
    """

    tried: int = 0
    passed_by: int = 0
    kills: int = 0
    wrong: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def faults(self) -> dict[str, int]:
        """The figures that must be 0 and are not."""
        return {"wrong": self.wrong} if self.wrong else {}

    def figures(self) -> dict[str, Any]:
        """For the table and the JSON."""
        return {name: value for name, value in vars(self).items() if name != "notes"}


def prepare(world: World) -> None:
    """Give the repository what every step needs, and trust it."""
    (world.repo / ".worktreeinclude").write_text(".env\n")
    (world.repo / ".gitignore").write_text(".env\n")
    (world.repo / ".env").write_text("SECRET=1\n")
    world.trust()


def dispatch(world: World) -> New:
    """A request that begins a session."""
    return New(
        key=new_uuid(),
        prompt="echo ready",
        directory=str(world.repo),
        base="head",
        agent="demo",
        options=Options(mode="default"),
        environment=world.env,
    )


def fail_once(world: World, point: str, action: str, outcome: Outcome) -> None:
    """Let one step of one request fail, then ask again.

    Args:
        world: prepared.
        point: the step, as `worktrees.failpoint` names it.
        action: `kill`, or the name of an errno.
        outcome: counts.
    """
    outcome.tried += 1
    begin = dispatch(world)
    session = short_id(begin.key)
    request: Request[Any] = begin
    if not point.startswith("create"):
        _create(world, begin)
        request = Delete(key=new_uuid(), session=session)
    if point.startswith("restore"):
        world.ask(request)
        request = Restore(key=new_uuid(), session=session)
    try:
        refused = _fail(world, request, f"{point}:{action}", outcome)
        if refused and not isinstance(request, New):
            request = replace(request, key=new_uuid())
        _again(world, request, session)
        _check(world, request, session)
    except (UserError, AssertionError) as error:
        outcome.wrong += 1
        outcome.notes.append(f"{point}:{action}: {error}")


def _create(world: World, begin: New) -> None:
    world.ask(begin)
    session = short_id(begin.key)
    row = world.wait_state(session, "done", "failed")
    assert row["state"] == "done", row["detail"]
    Path(row["worktree"], "work.txt").write_text(f"uncommitted {session}\n")


def _fail(world: World, request: Request[Any], failpoint: str, outcome: Outcome) -> bool:
    """Ask a supervisor that fails at a step; afterwards it is gone.

    Returns:
        Whether it answered that the request failed: a person asks again, under a new key.
    """
    if world.supervisor_pid() is not None:
        world.kill_supervisor()
    process = world.start_supervisor(PA_FAILPOINT=failpoint)
    world.wait_ready(process)
    refused = False
    try:
        world.ask(request, start=False)
        if isinstance(request, New):
            refused = _set_up(world, short_id(request.key), process)
    except UnreachableError:
        process.wait(10)
    except UserError:
        refused = True
    died = process.poll() is not None
    outcome.kills += died
    outcome.passed_by += not died and not refused
    world.kill(process.pid)
    return refused


def _set_up(world: World, session: str, process: subprocess.Popen[bytes]) -> bool:
    """Wait for the end of the set-up; whether it failed with the supervisor alive."""

    def settled() -> str:
        if process.poll() is not None:
            return "died"
        try:
            row = world.row(session, start=False)
        except (UnreachableError, OSError):
            return ""
        return str(row["state"]) if row["state"] in {"done", "failed"} else ""

    return wait_until(settled, what="the set-up ended") == "failed"


def _again(world: World, request: Request[Any], session: str) -> None:
    world.ask(request)
    if isinstance(request, New):
        row = world.wait_state(session, "done", "failed")
        if row["state"] == "failed":
            world.ask(Respawn(key=new_uuid(), session=session))
            world.wait_state(session, "done")


def _check(world: World, request: Request[Any], session: str) -> None:
    """The request came to its end, and everything can be undone."""
    if isinstance(request, New):
        row = world.row(session)
        Path(row["worktree"], "work.txt").write_text(f"uncommitted {session}\n")
        assert Path(row["worktree"], ".env").read_text() == "SECRET=1\n"
        world.ask(Delete(key=new_uuid(), session=session))
    if not isinstance(request, Restore):
        _check_trash(world, session)
        world.ask(Restore(key=new_uuid(), session=session))
    row = world.row(session)
    work = Path(row["worktree"], "work.txt")
    assert work.read_text() == f"uncommitted {session}\n", "the work is not back"
    world.ask(Send(key=new_uuid(), session=session, text="echo back"))
    world.wait_state(session, "done")
    findings = world.ask(Reconcile()).findings
    assert not findings, findings
    world.ask(Delete(key=new_uuid(), session=session))
    _check_trash(world, session)


def _check_trash(world: World, session: str) -> None:
    entries = world.ask(ListTrash()).entries
    assert [e for e in entries if e.id == session], "it is not in the trash"
    listed = subprocess.run(
        ["git", "worktree", "list", "--porcelain"],
        cwd=world.repo,
        env=world.env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert listed.stdout.count("worktree ") == 1, listed.stdout


def kill_at_random(world: World, rng: random.Random, rounds: int) -> Outcome:
    """Kill the supervisor at a random moment of create, delete and restore.

    Args:
        world: prepared.
        rng: when.
        rounds: how many sessions; three kills each.
    """
    outcome = Outcome()
    with ThreadPoolExecutor(1) as pool:
        for _ in range(rounds):
            outcome.tried += 1
            begin = dispatch(world)
            session = short_id(begin.key)
            try:
                _interrupted(world, pool, rng, begin, outcome)
                row = world.wait_state(session, "done", "failed")
                assert row["state"] == "done", row["detail"]
                Path(row["worktree"], "work.txt").write_text(f"uncommitted {session}\n")
                for request in (
                    Delete(key=new_uuid(), session=session),
                    Restore(key=new_uuid(), session=session),
                ):
                    _interrupted(world, pool, rng, request, outcome)
                _check(world, request, session)
            except (UserError, AssertionError) as error:
                outcome.wrong += 1
                outcome.notes.append(f"{session}: {error}")
    return outcome


def _interrupted(
    world: World,
    pool: ThreadPoolExecutor,
    rng: random.Random,
    request: Request[Any],
    outcome: Outcome,
) -> None:
    """Ask until it is answered, while the supervisor is killed once."""
    if world.supervisor_pid() is None:
        world.wait_ready(world.start_supervisor())
    answer = pool.submit(_persist, world, request)
    time.sleep(rng.uniform(0, 0.35))
    world.kill_supervisor()
    outcome.kills += 1
    world.wait_ready(world.start_supervisor())
    answer.result()


def _persist(world: World, request: Request[Any]) -> None:
    while True:
        try:
            world.ask(request, start=False)
        except (UnreachableError, OSError):
            time.sleep(0.01)
        else:
            return
