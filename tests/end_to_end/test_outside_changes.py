"""Changes that are made outside a turn: the row has them as soon as somebody looks."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from parallel_agents.client.connection import Connection
from parallel_agents.core.ids import new_uuid
from parallel_agents.wire import messages as m
from tests.support.world import World, wait_until


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        made.trust()
        yield made


def _counts(world: World, session: str) -> dict[str, Any]:
    changes: dict[str, Any] = world.row(session)["changes"]
    return changes


def test_a_row_has_what_diff_shows(world: World) -> None:
    session = world.new("echo hi")
    top = Path(world.wait_state(session, "done")["worktree"])
    (top / "mine.txt").write_text("by a person\n")
    code, out, err = world.run("diff", session, "--json")
    assert code == 0, err
    assert [file["path"] for file in json.loads(out)["files"]] == ["mine.txt"]
    assert _counts(world, session) == {"files": 1, "insertions": 1, "deletions": 0}


def test_a_row_has_what_is_there_when_the_screen_shows_the_session(world: World) -> None:
    session = world.new("echo hi")
    top = Path(world.wait_state(session, "done")["worktree"])
    world.ask(m.Stop(key=new_uuid(), session=session))
    (top / "mine.txt").write_text("by a person\n")

    async def look() -> None:
        connection = await Connection.open()
        try:
            await connection.request(m.Subscribe())
            await connection.request(m.Follow(sessions=(session,)))
            await asyncio.to_thread(
                wait_until, lambda: _counts(world, session)["files"] == 1, what="it is counted"
            )
        finally:
            await connection.close()

    asyncio.run(look())


def test_a_row_has_what_another_branch_brings(world: World) -> None:
    session = world.new("echo hi")
    top = Path(world.wait_state(session, "done")["worktree"])
    (top / "mine.txt").write_text("by a person\n")
    subprocess.run(["git", "switch", "-q", "-c", "other"], cwd=top, check=True)
    wait_until(lambda: _counts(world, session)["files"] == 1, what="it is counted")
