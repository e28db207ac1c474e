"""Every event survives the journal's form; what is no record is a `ValueError` and nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from msgspec.structs import fields, replace

from parallel_agents.core import events as ev
from parallel_agents.core.codec import dump, from_plain, load_record, to_plain
from parallel_agents.core.state import SessionState
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.wire.codec import dump_push, load_push
from parallel_agents.wire.pushes import RecordPush
from tests.support.examples import examples
from tests.support.facts import EVENT_TYPES, READY, RECORD, any_of, numbered

REQUIRED = Path(__file__).parents[1] / "data/journals/required-fields.json"


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: kind.__name__)
def test_every_event_comes_back(kind: type[ev.Event]) -> None:
    @settings(max_examples=examples(30))
    @given(any_of(kind))
    def round_trip(event: ev.Event) -> None:
        record = ev.Record(seq=1, at=2, event=event, run=3, offset=4, raw="{}", key="k", more=True)
        line = dump(record)
        assert b"\n" not in line
        assert load_record(line) == record
        assert from_plain(json.loads(json.dumps(to_plain(record))), ev.Record) == record

    round_trip()


@given(any_of(SessionState))
def test_facts_come_back(state: SessionState) -> None:
    assert from_plain(json.loads(json.dumps(to_plain(state))), SessionState) == state


def _required(kind: type[Any]) -> set[str]:
    return {field.name for field in fields(kind) if field.required}


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: kind.__name__)
def test_an_older_journal_still_reads(kind: type[Any]) -> None:
    """Fields with a default may be missing: they were added later. No other may be."""
    whole = to_plain(ev.Record(seq=1, at=2, event=numbered(kind, 1)))
    old = {name: whole[name] for name in ("seq", "at")}
    event = {n: v for n, v in whole["event"].items() if n in _required(kind) | {"type"}}
    assert isinstance(from_plain({**old, "event": event}, ev.Record).event, kind)


def test_no_event_asks_for_more_than_the_first_version_wrote() -> None:
    """A field without a default, added to an event, would make every older journal unreadable.

    A new event adds its line to the file; no line ever gets longer.
    """
    written = {kind.__name__: sorted(_required(kind)) for kind in EVENT_TYPES}
    assert written == json.loads(REQUIRED.read_text())


_FIRST_FIELDS = {
    "session": "3c16e9d9",
    "root": "/r",
    "path": "/r/.claude/worktrees/w",
    "slug": "w",
    "branch": "worktree-w",
    "base": "main",
    "base_ref": "refs/heads/main",
    "base_commit": "0" * 40,
    "device": 65024,
    "inode": 2151078,
    "git_file": "gitdir: /r/.git/worktrees/w",
}
"""A worktree's record as the first version wrote it."""
_PLACES: list[tuple[Any, WorktreeRecord | None]] = [
    (_FIRST_FIELDS, from_plain(_FIRST_FIELDS, WorktreeRecord)),
    ({**_FIRST_FIELDS, "copied": [], "checkout": "/r", "unknown": 1},
     from_plain({**_FIRST_FIELDS, "checkout": "/r"}, WorktreeRecord)),
    ({}, None),
    ({**_FIRST_FIELDS, "kind": "container"}, None),
    ({**_FIRST_FIELDS, "device": "none"}, None),
    ({"path": "/r/w"}, None),
    ([], None),
    (None, None),
]  # fmt: skip


@pytest.mark.parametrize(("written", "read"), _PLACES)
def test_a_worktree_of_another_version_costs_at_most_its_record(
    written: object, read: WorktreeRecord | None
) -> None:
    """The session keeps its place: a record that is lost would leave it with none."""
    ready = {**to_plain(READY), "record": written}
    for event in (ready, {"type": "restored", "worktree": {**ready, "type": "worktree_ready"}}):
        line = json.dumps({"seq": 3, "at": 1, "event": event})
        found = load_record(line).event
        place = found.worktree if isinstance(found, ev.Restored) else found
        assert place == replace(READY, record=read)


@given(st.binary(max_size=60) | st.text(max_size=60) | st.from_regex(r"\{\"seq\": ?-?\d{1,30}.*"))
def test_anything_else_is_a_value_error(line: bytes | str) -> None:
    with pytest.raises(ValueError):
        load_record(line)


@given(
    st.recursive(st.none() | st.integers() | st.text(max_size=4), lambda x: st.lists(x, max_size=3))
)
def test_other_facts_are_a_value_error(value: object) -> None:
    with pytest.raises(ValueError):
        from_plain(value, SessionState)


@given(st.binary(max_size=40))
def test_names_that_are_no_text_come_back_byte_for_byte(name: bytes) -> None:
    event = replace(READY, path=os.fsdecode(name), record=replace(RECORD, path=os.fsdecode(name)))
    record = ev.Record(seq=1, at=2, event=event)
    line = dump(record)
    assert b"\n" not in line
    found = load_record(line).event
    assert isinstance(found, ev.WorktreeReady)
    assert os.fsencode(found.path) == name
    assert found.record == event.record
    push = json.loads(dump_push(RecordPush(session="s", record=record)))["push"]
    assert load_push(json.dumps(push)) == RecordPush(session="s", record=record)
