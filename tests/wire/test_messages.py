"""The list of requests is closed: each is answered, documented, and read-only or keyed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from hypothesis import given, settings, strategies as st
from msgspec.structs import fields

from parallel_agents.core.codec import dump, from_plain, load, load_record, to_plain
from parallel_agents.core.errors import UsageError
from parallel_agents.core.events import Event, Record
from parallel_agents.core.state import SessionState
from parallel_agents.supervisor.front.api import HANDLERS, Api
from parallel_agents.supervisor.record.context import Context
from parallel_agents.supervisor.sessions.supervisor import SessionSupervisor
from parallel_agents.wire import messages as m
from parallel_agents.wire.codec import dump_push, load_push, load_request, refuse_nul
from parallel_agents.wire.pushes import Push, StatePush
from parallel_agents.wire.request import reply_kind
from tests.support.examples import examples
from tests.support.facts import any_of, events, numbered

REQUESTS: tuple[type[Any], ...] = get_args(m.AnyRequest)
PUSHES: tuple[type[Any], ...] = get_args(Push)
ON_THE_CONNECTION = {m.Hello, m.Subscribe, m.Follow, m.Shutdown}
UNKEYED = {
    m.Shutdown,
    m.MarkSeen,
    m.NoteLook,
    m.ListTrash,
    m.ResolveRepository,
    m.ListAgents,
    m.ListRefs,
    m.ListFiles,
    m.ListTemplates,
    m.Reconcile,
}
"""Beyond reading, but harmless to ask twice."""
PROTOCOL = (Path(__file__).parents[2] / "docs/protocol.md").read_text("utf-8")


def _name(cls: type[Any]) -> str:
    return str(cls.__struct_config__.tag)


def answer_of(kind: type[Any]) -> type[Any]:
    """The kind of answer to a request of a kind."""
    return reply_kind(numbered(kind, 1))


def _cases(kinds: tuple[type[Any], ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("kind", kinds, ids=_name)


def test_every_request_has_one_handler() -> None:
    assert HANDLERS.keys() == set(REQUESTS) - ON_THE_CONNECTION - {m.Status}
    assert len(set(HANDLERS.values())) == len(HANDLERS)


@_cases(tuple(HANDLERS))
def test_a_handler_takes_its_request_and_answers_with_its_kind(kind: type[Any]) -> None:
    """The table cannot say so itself: it is a table of any requests to any answers."""
    hints = get_type_hints(HANDLERS[kind])
    assert hints["message"] is kind
    assert hints["return"] is answer_of(kind)


async def test_status_is_answered_without_sessions(context: Context) -> None:
    status = await Api(SessionSupervisor(context)).answer(m.Status())
    assert isinstance(status, m.SupervisorStatus)
    assert (status.sessions, status.alive) == (0, 0)


@_cases(REQUESTS)
def test_every_reply_comes_back(kind: type[Any]) -> None:
    @settings(max_examples=examples(10))
    @given(any_of(answer_of(kind)))
    def round_trip(reply: Any) -> None:
        assert load(dump(reply), answer_of(kind)) == reply

    round_trip()


@_cases(PUSHES)
def test_a_push_of_a_newer_version_still_reads(kind: type[Any]) -> None:
    """A field that this version does not know is passed over, wherever it is."""
    push = numbered(kind, 1)
    assert load_push(json.dumps(_newer(push))) == push


def _newer(value: Any) -> Any:
    """Plain JSON values of a push with one more field in each of its objects."""
    if isinstance(value, msgspec.Struct):
        fields = {name: _newer(getattr(value, name)) for name in value.__struct_fields__}
        return (
            fields | {"of_a_newer_version": [1]} | ({"type": tag} if (tag := _tag(value)) else {})
        )
    if isinstance(value, dict):
        return {key: _newer(one) for key, one in value.items()}
    return [_newer(one) for one in value] if isinstance(value, list | tuple) else value


def _tag(value: msgspec.Struct) -> Any:
    return value.__struct_config__.tag


@_cases(REQUESTS)
def test_every_request_comes_back(kind: type[Any]) -> None:
    @settings(max_examples=examples(20))
    @given(any_of(kind))
    def round_trip(request: m.AnyRequest) -> None:
        assert load_request(json.loads(json.dumps(to_plain(request)))) == request

    round_trip()


@_cases(PUSHES)
def test_every_push_comes_back(kind: type[Any]) -> None:
    @settings(max_examples=examples(20))
    @given(any_of(kind))
    def round_trip(push: Push) -> None:
        assert load_push(json.dumps(json.loads(dump_push(push))["push"])) == push

    round_trip()


@given(events)
def test_every_record_comes_back(event: Event) -> None:
    record = Record(seq=1, at=2, event=event, run=3, offset=4, raw="{}", key="k", more=True)
    value = json.loads(dump(record))
    assert load_record(dump(record)) == record == from_plain(value, Record)


@given(any_of(SessionState))
def test_the_screen_reads_facts_as_the_supervisor_does(state: SessionState) -> None:
    value = json.loads(json.dumps(to_plain(state)))
    pushed = load_push(json.dumps({"type": "state", "state": value}))
    assert isinstance(pushed, StatePush)
    assert pushed.state == from_plain(value, SessionState)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=4) | st.just("record"),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["type", "state", "record", "event"]), inner)
        ),
    )
)
def test_what_is_no_push_is_a_value_error(value: object) -> None:
    with pytest.raises(ValueError):
        from_plain(value, Record)
    if not (isinstance(value, dict) and str(value.get("type")) in map(_name, PUSHES)):
        with pytest.raises(ValueError):
            load_push(json.dumps(value))


@_cases(REQUESTS)
def test_a_request_reads_or_is_keyed(kind: type[Any]) -> None:
    keyed = any(field.name == "key" for field in fields(kind))
    assert [keyed, kind in m.READ_ONLY, kind in UNKEYED].count(True) == 1


def test_names_are_unique() -> None:
    names = [_name(kind) for kind in REQUESTS]
    assert len(names) == len(set(names))


def test_protocol_names_every_request_and_push_and_who_may_ask() -> None:
    requests, pushes = PROTOCOL.split("### Requests")[1].split("### Pushes")
    rows = re.findall(r"^\| (○ )?((?:`\w+`(?:, )?)+) \|", requests, re.MULTILINE)
    marked = {name: bool(mark) for mark, names in rows for name in re.findall(r"\w+", names)}
    assert marked == {_name(kind): kind in m.READ_ONLY for kind in REQUESTS}
    assert set(re.findall(r"^\| `(\w+)`", pushes, re.MULTILINE)) == {_name(k) for k in PUSHES}


@given(st.recursive(st.none() | st.text(max_size=5), lambda x: st.dictionaries(st.text(), x)))
def test_anything_else_is_a_usage_error(value: object) -> None:
    with pytest.raises(UsageError, match="not a request"):
        load_request(value)
    with pytest.raises(UsageError, match="not a request"):
        load_request({"type": value})


@pytest.mark.parametrize(
    "value",
    [
        {"prompt": "a\0b"},
        {"options": {"model": "\0"}},
        {"environment": {"A": "\0"}},
        {"environment": {"\0": "a"}},
        {"states": ["done", "\0"]},
    ],
)
def test_a_nul_that_would_reach_a_program_is_refused(value: object) -> None:
    with pytest.raises(UsageError, match="NUL"):
        refuse_nul({"type": "new", **value} if isinstance(value, dict) else value)


def test_a_nul_in_a_decision_is_the_agents_own() -> None:
    refuse_nul({"type": "answer", "decision": {"updated_input": {"content": "\0"}}})
