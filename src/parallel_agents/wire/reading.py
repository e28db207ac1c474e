"""Pushes and records from JSON values, for the screen: without pydantic.

Keep true: what is read equals what `wire.codec` and `core.codec` would read. Fields are not
checked one by one: they come from a supervisor of this very version (`Hello` compares it), which
made them from checked values.
"""

import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from parallel_agents.core.agents import Offer
from parallel_agents.core.events import Record
from parallel_agents.core.tagged import ByType
from parallel_agents.wire.pushes import Push

Read = Callable[[Any], Any]


def load_push(value: object) -> Push:
    """Read a push.

    Args:
        value: the JSON object as the supervisor sent it.

    Raises:
        ValueError: when it is none of the closed list.
    """
    return _load(Push, value)  # type: ignore[no-any-return]


def load_record(value: object) -> Record:
    """Read a record.

    Args:
        value: the JSON object as the supervisor sent it.

    Raises:
        ValueError: when it is no record that this version knows.
    """
    return _load(Record, value)  # type: ignore[no-any-return]


def _load(kind: Any, value: object) -> Any:  # noqa: ANN401 - a type form, and a value of that type
    try:
        return _reader(kind)(value)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError("not what this version's supervisor sends") from error


@cache
def _reader(kind: Any) -> Read:  # noqa: ANN401 - any type form that our dataclasses use
    """What makes a value of a type from JSON; the identity for what JSON has itself."""
    arguments = get_args(kind)
    if get_origin(kind) is Annotated and isinstance(arguments[1], ByType):
        return _by_type(get_args(arguments[0]))
    if isinstance(kind, type) and is_dataclass(kind):
        return _object(kind)
    if get_origin(kind) is tuple:
        inner = _reader(arguments[0])
        return tuple if inner is _same else lambda value: tuple(map(inner, value))
    if get_origin(kind) is dict and (inner := _reader(arguments[1])) is not _same:
        return lambda value: {key: inner(one) for key, one in value.items()}
    members: list[Any] = [member for member in arguments if is_dataclass(member)]
    if isinstance(kind, types.UnionType) and members:
        inner = _reader(members[0])
        return lambda value: None if value is None else inner(value)
    return _same


def _same(value: Any) -> Any:  # noqa: ANN401 - whatever JSON has
    return value


def _by_type(members: tuple[Any, ...]) -> Read:
    named = {_name(member): member for member in members}
    return lambda value: _reader(named[value["type"]])(value)


def _name(member: Any) -> str:  # noqa: ANN401 - a dataclass
    return str(next(field.default for field in fields(member) if field.name == "type"))


def _object(kind: Any) -> Read:  # noqa: ANN401 - a dataclass
    kinds: dict[str, Any] = {field.name: field.type for field in fields(kind)}
    readers = {name: _reader(kind) for name, kind in kinds.items()}
    inner = {name: read for name, read in readers.items() if read is not _same}

    def read(value: dict[str, Any]) -> Any:  # noqa: ANN401 - a value of that dataclass
        given = {name: one for name, one in value.items() if name in readers}
        for name in inner.keys() & given.keys():
            given[name] = inner[name](given[name])
        return kind(**given)

    return read


def load_offers(value: object) -> tuple[Offer, ...]:
    """Read the agents of a reply.

    Args:
        value: its `agents`, as the supervisor sent them.

    Raises:
        ValueError: when they are not what this version's supervisor sends.
    """
    return _load(tuple[Offer, ...], value)  # type: ignore[no-any-return]
