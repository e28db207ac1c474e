"""Records and states for tests: short to write, and any by Hypothesis."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

import msgspec
from hypothesis import strategies as st
from msgspec.structs import fields

from parallel_agents.core import events as ev
from parallel_agents.core.options import JsonObject
from parallel_agents.core.reduce import reduce
from parallel_agents.core.state import SessionState
from parallel_agents.core.worktree import WorktreeRecord

UUID = "00000000-0000-4000-8000-000000000000"
EVENT_TYPES: tuple[type[Any], ...] = get_args(ev.Event)

CREATED = ev.SessionCreated(
    id="00000000",
    request=UUID,
    name="n",
    prompt="p",
    agent="demo",
    directory="/r",
    base="head",
)
RECORD = WorktreeRecord(
    session="00000000",
    root="/r",
    path="/r/w",
    slug="w",
    branch="b",
    base="head",
    base_ref=None,
    base_commit="0" * 40,
    device=1,
    inode=2,
    git_file="gitdir: /r/.git/worktrees/w",
)
READY = ev.WorktreeReady(path="/r/w", root="/r", branch="b", base="head", base_commit="0" * 40)
LIVING: tuple[ev.Event, ...] = (
    CREATED,
    READY,
    ev.RunStarted(run=1, conversation=UUID),
    ev.RunReady(run=1, pid=7),
)
"""A session whose process lives and has been asked nothing."""


def asked(request: str = "r1", tool_use: str = "t1", **rest: Any) -> ev.RequestOpened:
    """A permission asked."""
    values: dict[str, Any] = {"kind": "permission", "tool_name": "Bash", "digest": "d"} | rest
    return ev.RequestOpened(request=request, input={"command": "ls"}, tool_use=tool_use, **values)


def records(*events: ev.Event, first: int = 1, run: int = 0) -> list[ev.Record]:
    """Number events from `first`; each happens at 10 ms times its number."""
    return [
        ev.Record(seq=seq, at=seq * 10, event=event, run=run, offset=seq * 100 if run else 0)
        for seq, event in enumerate(events, first)
    ]


def fold(*events: ev.Event, state: SessionState | None = None) -> SessionState:
    """The facts after these events."""
    facts = state or SessionState()
    for record in records(*events, first=facts.seq + 1):
        facts = reduce(facts, record)
    return facts


# --- anything -------------------------------------------------------------------------------

_NAMES = st.sampled_from(["", "a", "b", "c"])
"""Few, so that events speak of the same requests, messages and tools."""

_VALUES = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4)
JSON: st.SearchStrategy[JsonObject] = st.dictionaries(
    st.sampled_from(["command", "questions", "plan", "x"]),
    _VALUES | st.lists(_VALUES, max_size=2),
    max_size=2,
)
_TEXT_FIELDS = {"text", "error", "description", "message", "stderr", "name"}
_BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    "run": st.integers(0, 2),
    "cost_usd": st.floats(0, 9),
    **{name: st.text(max_size=6) for name in _TEXT_FIELDS},
}
_BY_TYPE: dict[Any, st.SearchStrategy[Any]] = {
    str: _NAMES,
    int: st.integers(0, 9),
    float: st.floats(0, 9),
    bool: st.booleans(),
    type(None): st.none(),
    JsonObject: JSON,
    Any: _VALUES,
}


def any_of(cls: type[Any], **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Any value of a class of ours."""
    known = {**_BY_NAME, **given}
    made = {
        field.name: known[field.name] if field.name in known else _of(field.type)
        for field in fields(cls)
    }
    return st.builds(cls, **made)


def any_of_type(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a class of ours, or of a tuple of them."""
    return _of(kind)


def _of(annotation: Any) -> st.SearchStrategy[Any]:
    """Any value of a field's type, drawn from few names where it is a name."""
    if annotation in _BY_TYPE:
        return _BY_TYPE[annotation]
    if _is_value(annotation):
        return any_of(annotation)
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return st.sampled_from(args)
    if origin is tuple:
        return st.lists(_of(args[0]), max_size=2).map(tuple)
    if origin is list:
        return st.lists(_of(args[0]), max_size=2)
    if origin is dict:
        return st.dictionaries(_of(args[0]), _of(args[1]), max_size=2)
    return st.one_of([_of(arg) for arg in args])


def _is_value(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def numbered(kind: Any, number: int, name: str = "") -> Any:
    """A value of a type with every field filled, different for each number."""
    if _is_value(kind):
        given = {f.name: numbered(f.type, number, f.name) for f in fields(kind)}
        return kind(**given)
    simple = {str: f"{name}-{number}", bool: True, int: number, float: number, Any: number}
    if kind in simple:
        return simple[kind]
    origin, args = get_origin(kind), get_args(kind)
    if origin is Literal:
        return args[number % len(args)]
    if origin in (tuple, list):
        return origin([numbered(args[0], number, name)])
    if origin is dict:
        return {f"{name}-{number}": numbered(args[1], number, name)}
    return numbered(next(arg for arg in args if arg is not type(None)), number, name)


events: st.SearchStrategy[ev.Event] = st.one_of([any_of(cls) for cls in EVENT_TYPES])


@st.composite
def journals(draw: st.DrawFn, max_size: int = 30) -> list[ev.Record]:
    """Any events in any order, numbered from 1, of any process start."""
    drawn = draw(st.lists(events, max_size=max_size))
    made = []
    for seq, event in enumerate(drawn, 1):
        run = draw(st.integers(0, 2))
        key = draw(_NAMES)
        made.append(
            ev.Record(seq=seq, at=seq, event=event, run=run, offset=seq if run else 0, key=key)
        )
    return made


# --- facts by the names of their fields ----------------------------------------------------

_PARTS = ("session", "place", "process", "dialogue", "turn", "conversation")


def facts_of(before: SessionState | None = None, **values: Any) -> SessionState:
    """Facts that differ from others, or from nothing known, in some fields, whatever their part.

    A name that two parts have is the first one's: `id` is the session's.
    """
    state = before or SessionState()
    for name, value in values.items():
        owner = next((part for part in _PARTS if hasattr(getattr(state, part), name)), None)
        changed = {name: value}
        if owner is not None:
            changed = {owner: msgspec.structs.replace(getattr(state, owner), **changed)}
        state = msgspec.structs.replace(state, **changed)
    return state
