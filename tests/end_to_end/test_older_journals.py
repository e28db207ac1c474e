"""A session that an earlier version began is taken up with what it asks."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from parallel_agents.wire.messages import PendingInput
from tests.support.world import World, wait_until

LATER = ("summary", "plan", "questions", "approvals", "rules", "kept_in", "editable")
"""What earlier versions did not journal of a request."""


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        made.trust()
        yield made


def aged(world: World, session: str) -> None:
    """Leave of the session's journal what an earlier version had written, without checksums."""
    path = world.session_dir(session) / "journal.jsonl"
    records = [json.loads(line) for line in path.read_text().splitlines()]
    for record in records:
        record.pop("crc", None)
        if record["event"]["type"] == "request_opened":
            for name in LATER:
                record["event"].pop(name, None)
        if record["event"]["type"] == "tool_used":
            for name in ("summary", "does"):
                record["event"].pop(name, None)
    lines = [json.dumps(record, separators=(",", ":")) for record in records]
    path.write_text("".join(f"{line}\n" for line in lines))
    (world.session_dir(session) / "meta.json").unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        ("question", ("--choose", "Database=SQLite", "--choose", "Checks=Tests")),
        ("permission", ("--always",)),
        ("plan", ("--allow", "--mode", "acceptEdits")),
    ],
)
def test_a_pending_request_can_be_answered(
    prompt: str, answer: tuple[str, ...], world: World
) -> None:
    session = world.new(prompt)
    before = world.wait_state(session, "blocked")
    request = world.ask(PendingInput(session=session))
    world.kill_supervisor()
    aged(world, session)
    world.wait_ready(world.start_supervisor())
    wait_until(
        lambda: world.row(session)["pending"] == before["pending"], what="it says what it asks"
    )
    # Its line is read once more, for what the older version did not journal, such as its rules.
    wait_until(lambda: world.ask(PendingInput(session=session)) == request, what="all of it")
    assert world.row(session)["detail"] == before["detail"]
    code, _, error = world.run("answer", session, *answer)
    assert code == 0, error
    (asked,) = before["pending"]
    wait_until(lambda: asked not in world.row(session)["pending"], what="it goes on")
