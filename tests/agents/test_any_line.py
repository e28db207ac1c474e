"""Lines of any kind, torn or changed: never an exception, never a hidden request."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from parallel_agents.agents.claude.translate import ClaudeTranslator
from parallel_agents.core import events as ev
from parallel_agents.core.codec import dump, load_record
from tests.support import recordings
from tests.support.examples import examples
from tests.support.folding import Fold

LINES = [line for name in recordings.names() for line in recordings.outputs(name)]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=8,
)
PLACES = st.lists(st.integers(0, 30), max_size=6)


def survives(line: bytes) -> list[ev.Event]:
    """Translate a line; whatever it says can be journalled and folded."""
    fold = Fold()
    fold.begin()
    return fold.line(line)


@given(st.binary(max_size=60))
def test_any_bytes_are_kept(line: bytes) -> None:
    assert [type(event) for event in survives(line)] == [ev.LineKept]


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"null",
        b"[1]",
        b'{"type":"system"',
        b'{"type":"x\xff"}',
        b'{"type":NaN}',
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
        b'{"a":' * 400 + b"1" + b"}" * 400,
        b"1" * 5000,
        b'{"type":"new_thing","x":' + b"1" * 5000 + b"}",
    ],
)
def test_what_is_no_message_is_kept(line: bytes) -> None:
    (kept,) = survives(line)
    assert isinstance(kept, ev.LineKept)
    assert len(kept.text) <= 4096


def replaced(value: Any, places: list[int], new: Any) -> Any:
    """The value with what is at one place replaced; a place is a walk by numbers."""
    if not places:
        return new
    place, *rest = places
    if isinstance(value, dict) and value:
        key = sorted(value)[place % len(value)]
        return {**value, key: replaced(value[key], rest, new)}
    if isinstance(value, list) and value:
        index = place % len(value)
        return [*value[:index], replaced(value[index], rest, new), *value[index + 1 :]]
    return new


@settings(max_examples=examples(200))
@given(st.sampled_from(LINES), PLACES, JSON)
def test_a_changed_line_never_raises(line: bytes, places: list[int], new: Any) -> None:
    survives(json.dumps(replaced(json.loads(line), places, new)).encode())


@settings(max_examples=examples(200))
@given(st.sampled_from(LINES), st.integers(0, 400), st.binary(max_size=4))
def test_a_torn_line_never_raises(line: bytes, place: int, new: bytes) -> None:
    survives(line[:place] + new + line[place + 1 :])
    survives(line[:place])


@given(st.permutations(LINES[:120]))
def test_any_order_of_lines_folds(lines: list[bytes]) -> None:
    translator = ClaudeTranslator()
    for seq, line in enumerate(lines, start=1):
        for event in translator.translate(line):
            if not isinstance(event, ev.Delta):
                record = ev.Record(seq=seq, at=0, event=event)
                assert load_record(dump(record)) == record


REQUESTS = ["hook_callback", "mcp_message", "request_user_dialog", "elicitation", "anything", 7]


@pytest.mark.parametrize("subtype", REQUESTS)
def test_every_request_that_cannot_be_shown_is_refused(subtype: object) -> None:
    body = {"subtype": subtype, "server_name": "x"}
    request = {"type": "control_request", "request_id": "r1", "request": body}
    (refused,) = survives(json.dumps(request).encode())
    assert isinstance(refused, ev.ControlRefused)
    response = refused.answer["response"]
    assert response["request_id"] == "r1"
    if subtype == "elicitation":
        assert response["response"] == {"action": "cancel"}
    else:
        assert response["subtype"] == "error"


def test_a_permission_without_a_tool_is_refused() -> None:
    request = {
        "type": "control_request",
        "request_id": "r1",
        "request": {"subtype": "can_use_tool"},
    }
    (refused,) = survives(json.dumps(request).encode())
    assert isinstance(refused, ev.ControlRefused)


def test_a_permission_without_its_input_is_refused() -> None:
    body = {"subtype": "can_use_tool", "tool_name": "Bash", "input": "rm", "description": 3}
    (refused,) = survives(
        json.dumps({"type": "control_request", "request_id": "r", "request": body}).encode()
    )
    assert isinstance(refused, ev.ControlRefused)


@pytest.mark.parametrize("odd", [None, 7, "x", [1], {"a": 1}])
def test_an_odd_field_does_not_hide_the_end_of_a_turn(odd: object) -> None:
    (result,) = (line for line in recordings.outputs("17-par") if b'"type": "result"' in line)
    whole = json.loads(result)
    for key in whole.keys() - {"type", "subtype"}:
        (ended,) = survives(json.dumps({**whole, key: odd}).encode())
        assert isinstance(ended, ev.TurnEnded)


def test_an_odd_field_does_not_hide_a_request() -> None:
    body = {"subtype": "can_use_tool", "tool_name": "Bash", "input": {}, "description": 3}
    (opened,) = survives(
        json.dumps({"type": "control_request", "request_id": "r", "request": body}).encode()
    )
    assert isinstance(opened, ev.RequestOpened)


def test_half_a_character_does_not_hide_a_request() -> None:
    line = (
        rb'{"type":"control_request","request_id":"r","request":{"subtype":"can_use_tool",'
        rb'"tool_name":"Bash","input":{"command":"ls"},"description":"cut \ud83d"}}'
    )
    (opened,) = survives(line)
    assert isinstance(opened, ev.RequestOpened)
    assert opened.description == "cut ?"


def test_the_answer_to_initialize_introduces_the_process() -> None:
    said = {"pid": 7, "claude_code_version": "2.1.329", "commands": [{"name": "clear"}, 3]}
    response = {**said, "models": [{"value": "opus"}]}
    body = {"subtype": "success", "request_id": "r", "response": response}
    ready, answered = survives(json.dumps({"type": "control_response", "response": body}).encode())
    expected = ev.RunReady(run=0, pid=7, version="2.1.329", commands=("clear",), models=("opus",))
    assert ready == expected
    assert answered == ev.ControlAnswered(request="r", ok=True)
