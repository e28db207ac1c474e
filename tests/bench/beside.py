"""What figures stand beside: the floors, and the real `claude` in an environment of its own."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.claude import claude_env, claude_program
from tests.support.messages_api import MessagesApi
from tests.support.world import World

OURS = (sys.executable, "-I", "-m", "parallel_agents")
PASS = (sys.executable, "-I", "-c", "pass")

Row = dict[str, Any]


def row(what: str, value: object, floor: object = "", claude: object = "", aim: str = "") -> Row:
    """A line of the table: a figure, its floor, the same of `claude`, and what was aimed at."""
    return {"what": what, "ours": value, "floor": floor, "claude": claude, "aim": aim}


def quiet_sessions(world: World, count: int) -> list[str]:
    """Begin sessions of the demo agent, and wait until all are at rest."""
    sessions = [world.new("echo ready", name=f"s{number}") for number in range(count)]
    for session in sessions:
        world.wait_state(session, "done")
    return sessions


@dataclass(frozen=True)
class Claude:
    """The real CLI, ready to be started.

    Attributes:
        program: its absolute path.
        env: its whole environment; nothing of the user's is in it.
        repo: a repository that it trusts.
    """

    program: str
    env: dict[str, str]
    repo: Path


@contextmanager
def real_claude(*, wanted: bool) -> Iterator[Claude | None]:
    """The real CLI beside a server on loopback; its processes are gone afterwards.

    Args:
        wanted: whether it is to be measured; None is given when not.
    """
    if not wanted:
        yield None
        return
    program = str(claude_program())
    place = World()  # never entered: no supervisor of ours belongs to it
    with MessagesApi() as api:
        try:
            yield _ready(program, place, api.url)
        finally:
            place.kill_left()
            shutil.rmtree(place.root, ignore_errors=True)


def _ready(program: str, world: World, url: str) -> Claude:
    world.make_repository(world.repo)
    (world.root / "claude").mkdir()
    env = claude_env(world.root / "claude", url)
    env["PARALLEL_AGENTS_HOME"] = str(world.state)  # by this its processes are found again
    known = {str(world.repo): {"hasTrustDialogAccepted": True}}
    config = Path(env["CLAUDE_CONFIG_DIR"]) / ".claude.json"
    config.write_text(json.dumps({"hasCompletedOnboarding": True, "projects": known}))
    return Claude(program, env, world.repo)
