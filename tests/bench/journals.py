"""Sessions that were long ago: journals made by hand, as a supervisor would have left them."""

from __future__ import annotations

import json
import time

from parallel_agents.core import events as ev
from parallel_agents.core.codec import dump, to_plain
from parallel_agents.core.events import Record
from parallel_agents.core.ids import new_uuid, short_id
from parallel_agents.core.reduce import reduce
from parallel_agents.core.state import SessionState
from parallel_agents.supervisor.record.session_ledger import FORM
from tests.support.world import World

_AT = int(time.time() * 1000)
_NAME = b"s------"


def write_sessions(world: World, count: int, events: int, saved_at: int) -> None:
    """Write finished sessions without a process; they differ in id and name only.

    Args:
        world: whose state directory.
        count: how many.
        events: length of each journal.
        saved_at: the record after which the facts were saved beside it; 0 for never.
    """
    key = new_uuid()
    journal, saved = _template(world, key, events, saved_at)
    for number in range(count):
        other = new_uuid()
        directory = world.session_dir(short_id(other))
        directory.mkdir(mode=0o700, parents=True)
        for name, data in (("journal.jsonl", journal), ("meta.json", saved)):
            if data:
                own = data.replace(key.encode(), other.encode())
                own = own.replace(short_id(key).encode(), short_id(other).encode())
                (directory / name).write_bytes(own.replace(_NAME, b"s%06d" % number))
        (directory / "environment.json").write_text("{}")


def _template(world: World, key: str, events: int, saved_at: int) -> tuple[bytes, bytes]:
    """One session's journal and checkpoint."""
    state = SessionState()
    journal, saved = bytearray(), b""
    for seq in range(1, events + 1):
        event = _event(world, key, seq, events)
        record = Record(seq=seq, at=_AT + seq, event=event, run=int(seq > 3), offset=seq * 100)
        state = reduce(state, record)
        journal += dump(record) + b"\n"
        if seq == saved_at:
            facts = {"version": FORM.version, "journal": len(journal), "state": to_plain(state)}
            saved = json.dumps(facts).encode()
    return bytes(journal), saved


def _event(world: World, key: str, seq: int, last: int) -> ev.Event:
    """A conversation: calls of tools, their results and some words; then the end."""
    if seq == 1:
        return ev.SessionCreated(
            id=short_id(key),
            request=key,
            name=_NAME.decode(),
            prompt="make it faster",
            agent="demo",
            directory=str(world.repo),
            base="head",
        )
    if seq == 2:
        return ev.WorktreeReady(
            path=str(world.repo / ".claude/worktrees/s"),
            root=str(world.repo),
            branch="worktree-s",
            base="head",
            base_commit="0" * 40,
        )
    if seq == 3:
        return ev.RunStarted(run=1, conversation=key)
    if seq == last:
        return ev.RunEnded(run=1, code=0, asked=True)
    if seq == last - 1:
        return ev.TurnEnded(outcome="ok", text="Done.", cost_usd=1.5)
    return _said(seq)


def _said(seq: int) -> ev.Event:
    if seq % 3 == 0:
        return ev.ToolUsed(id=f"toolu_{seq}", name="Bash", input={"command": f"make part-{seq}"})
    if seq % 3 == 1:
        return ev.ToolReturned(tool_use=f"toolu_{seq - 1}", text=f"built part {seq - 1}\n" * 8)
    return ev.AssistantText(
        text=f"Part {seq} of {_NAME.decode()} is built. " * 6, message=f"msg_{seq}"
    )
