"""What scripts get has the shape that `docs/schema/show.json` says, whatever the facts are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given, strategies as st
from jsonschema import Draft202012Validator

from parallel_agents.cli.json_view import json_view
from parallel_agents.core import events as ev
from parallel_agents.core.reduce import reduce
from parallel_agents.core.state import SessionState, TurnFacts
from parallel_agents.supervisor.sessions.session_rows import session_row
from tests.support.facts import any_of, journals

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schema/show.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def row(state: SessionState) -> dict[str, Any]:
    """The entry as scripts get it."""
    view: dict[str, Any] = json_view(session_row(state))
    return view


def _check(entry: dict[str, Any]) -> None:
    VALIDATOR.validate(json.loads(json.dumps(entry)))


@given(journals())
def test_after_any_events(journal: list[ev.Record]) -> None:
    state = SessionState()
    for record in journal:
        state = reduce(state, record)
    _check(row(state))


@given(any_of(SessionState, turn=any_of(TurnFacts, cost_usd=st.floats(0, 1e9))))
def test_of_any_facts(state: SessionState) -> None:
    _check(row(state))


def test_the_schema_is_one_and_complete() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    entry = SCHEMA["$defs"]["SessionRow"]
    assert set(entry["required"]) == set(entry["properties"]) == set(row(SessionState()))


@given(any_of(SessionState))
def test_what_only_a_process_has_is_null_without_one(state: SessionState) -> None:
    entry = row(state)
    if state.process.liveness == "none":
        assert (entry["pid"], entry["status"]) == (None, None)
    assert (entry["waitingFor"] is None) == (not entry["pending"])
