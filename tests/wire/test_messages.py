"""The list of requests is closed: each is answered, documented, and read-only or keyed."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parallel_agents.core.codec import (
    dump_record,
    record_from_json,
    state_from_json,
    state_to_json,
)
from parallel_agents.core.errors import UsageError
from parallel_agents.core.events import Event, Record
from parallel_agents.core.state import SessionState
from parallel_agents.supervisor.api import Api
from parallel_agents.supervisor.context import Context
from parallel_agents.supervisor.supervisor import SessionSupervisor
from parallel_agents.wire import messages as m
from parallel_agents.wire.codec import dump_push, load_request, refuse_nul
from parallel_agents.wire.pushes import Push, StatePush
from parallel_agents.wire.reading import load_push, load_record
from tests.support.examples import examples
from tests.support.facts import any_of, events

REQUESTS: tuple[type[Any], ...] = get_args(m.Request)
PUSHES: tuple[type[Any], ...] = get_args(get_args(Push)[0])
ON_THE_CONNECTION = {m.Hello, m.Subscribe, m.Follow, m.Shutdown}
UNKEYED = {
    m.Shutdown,
    m.MarkSeen,
    m.ListTrash,
    m.ResolveRepository,
    m.ListAgents,
    m.ListRefs,
    m.ListFiles,
    m.Reconcile,
}
"""Beyond reading, but harmless to ask twice."""
PROTOCOL = (Path(__file__).parents[2] / "docs/protocol.md").read_text("utf-8")


def _name(cls: type[Any]) -> str:
    return str(next(field.default for field in fields(cls) if field.name == "type"))


def _cases(kinds: tuple[type[Any], ...]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("kind", kinds, ids=_name)


class _AnsweredError(Exception):
    """Raised by the stand-in for every method behind the api."""


class _Answers:
    def __getattr__(self, name: str) -> Any:
        def answer(*_: object) -> Any:
            raise _AnsweredError(name)

        return answer


@_cases(tuple(kind for kind in REQUESTS if kind not in ON_THE_CONNECTION | {m.Status}))
async def test_every_request_reaches_a_method_of_its_own(kind: type[Any], context: Context) -> None:
    supervisor = SessionSupervisor(context)
    await supervisor.recover()
    api = Api(supervisor)
    api._reading = api._acting = api._places = _Answers()  # type: ignore[assignment]
    with pytest.raises(_AnsweredError) as answered:
        await api.answer(_example(kind))
    assert str(answered.value) in _method_names(kind)


def _method_names(kind: type[Any]) -> set[str]:
    """A method is named like its request, or like the last or the first word of that."""
    words = re.findall(r"[A-Z][a-z]*", kind.__name__)
    return {"_".join(words).lower(), words[0].lower(), words[-1].lower()} | {
        "_".join(words[:2]).lower(),
    }


def _example(kind: type[Any]) -> Any:
    given_fields: dict[str, object] = {
        "key": "k",
        "session": "s",
        "prompt": "p",
        "directory": "/",
        "states": (),
    }
    given_fields |= {"text": "t", "name": "n", "decision": None, "after": 0}
    names = {field.name for field in fields(kind)}
    return kind(**{name: value for name, value in given_fields.items() if name in names})


async def test_status_is_answered_without_sessions(context: Context) -> None:
    reply = await Api(SessionSupervisor(context)).answer(m.Status())
    assert {"pid", "version", "sessions", "socket"} <= set(reply)


@_cases(REQUESTS)
def test_every_request_comes_back(kind: type[Any]) -> None:
    @settings(max_examples=examples(20))
    @given(any_of(kind))
    def round_trip(request: m.Request) -> None:
        assert load_request(json.loads(json.dumps(asdict(request)))) == request

    round_trip()


@_cases(PUSHES)
def test_every_push_comes_back(kind: type[Any]) -> None:
    @settings(max_examples=examples(20))
    @given(any_of(kind))
    def round_trip(push: Push) -> None:
        assert load_push(json.loads(dump_push(push))["push"]) == push

    round_trip()


@given(events)
def test_every_record_comes_back(event: Event) -> None:
    record = Record(seq=1, at=2, event=event, run=3, offset=4, raw="{}", key="k", more=True)
    value = json.loads(dump_record(record))
    assert load_record(value) == record == record_from_json(value)


@given(any_of(SessionState))
def test_the_screen_reads_facts_as_the_supervisor_does(state: SessionState) -> None:
    value = json.loads(json.dumps(state_to_json(state)))
    pushed = load_push({"type": "state", "state": value})
    assert isinstance(pushed, StatePush)
    assert pushed.state == state_from_json(value)


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
    with pytest.raises(ValueError, match="not what"):
        load_record(value)
    if not (isinstance(value, dict) and str(value.get("type")) in map(_name, PUSHES)):
        with pytest.raises(ValueError, match="not what"):
            load_push(value)


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
