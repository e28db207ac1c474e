"""Every event survives the journal's form; what is no record is a `ValueError` and nothing else."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parallel_agents.core import events as ev
from parallel_agents.core.codec import (
    dump_record,
    load_record,
    record_from_json,
    record_to_json,
    state_from_json,
    state_to_json,
)
from parallel_agents.core.state import SessionState
from parallel_agents.wire.codec import dump_push
from parallel_agents.wire.pushes import RecordPush
from parallel_agents.wire.reading import load_push
from tests.support.examples import examples
from tests.support.facts import EVENT_TYPES, any_of, events


@pytest.mark.parametrize("kind", EVENT_TYPES, ids=lambda kind: kind.__name__)
def test_every_event_comes_back(kind: type[ev.Event]) -> None:
    @settings(max_examples=examples(30))
    @given(any_of(kind))
    def round_trip(event: ev.Event) -> None:
        record = ev.Record(seq=1, at=2, event=event, run=3, offset=4, raw="{}", key="k", more=True)
        line = dump_record(record)
        assert b"\n" not in line
        assert load_record(line) == record
        assert record_from_json(json.loads(json.dumps(record_to_json(record)))) == record

    round_trip()


@given(any_of(SessionState))
def test_facts_come_back(state: SessionState) -> None:
    assert state_from_json(json.loads(json.dumps(state_to_json(state)))) == state


@given(events)
def test_an_older_journal_still_reads(event: ev.Event) -> None:
    """Fields with a default may be missing: they were added later."""
    value = record_to_json(ev.Record(seq=1, at=2, event=event))
    for name in ("run", "offset", "raw", "key", "more"):
        del value[name]
    assert record_from_json(value).event == event


@given(st.binary(max_size=60) | st.text(max_size=60) | st.from_regex(r"\{\"seq\": ?-?\d{1,30}.*"))
def test_anything_else_is_a_value_error(line: bytes | str) -> None:
    with pytest.raises(ValueError, match="not a record"):
        load_record(line)


@given(
    st.recursive(st.none() | st.integers() | st.text(max_size=4), lambda x: st.lists(x, max_size=3))
)
def test_other_facts_are_a_value_error(value: object) -> None:
    with pytest.raises(ValueError, match="not a state"):
        state_from_json(value)


@given(st.binary(max_size=40))
def test_names_that_are_no_text_come_back_byte_for_byte(name: bytes) -> None:
    event = ev.WorktreeReady(
        path=os.fsdecode(name), root="/r", branch="b", base="head", base_commit="0", record={}
    )
    record = ev.Record(seq=1, at=2, event=event)
    line = dump_record(record)
    assert b"\n" not in line
    found = load_record(line).event
    assert isinstance(found, ev.WorktreeReady)
    assert os.fsencode(found.path) == name
    push = json.loads(dump_push(RecordPush(session="s", record=record)))["push"]
    assert load_push(push) == RecordPush(session="s", record=record)
