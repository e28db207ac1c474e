"""Events to JSON and back; the only place that knows how they are written."""

import json
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from parallel_agents.core.events import Record
from parallel_agents.core.state import SessionState

T = TypeVar("T")


def dump_json(kind: TypeAdapter[T], value: T) -> bytes:
    """Write a value as one line of JSON.

    Args:
        kind: its type.
        value: what to write; text in it may hold bytes that are no UTF-8, as Python reads them
            from names of files (PEP 383), which come back as they are.
    """
    try:
        return kind.dump_json(value)
    except PydanticSerializationError:
        return json.dumps(kind.dump_python(value, mode="json"), separators=(",", ":")).encode()


def _plain(line: bytes | str) -> object:
    """Read JSON as the standard library does, which takes half a surrogate pair."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):  # bytes that are no UTF-8 are a ValueError, too
        raise ValueError("not a record: no JSON") from None


@cache
def _records() -> TypeAdapter[Record]:
    return TypeAdapter(Record)


def dump_record(record: Record) -> bytes:
    """Write a record as one line of JSON, without its newline."""
    return dump_json(_records(), record)


def load_record(line: bytes | str) -> Record:
    """Read a record.

    Args:
        line: one line of a journal or of the wire.

    Returns:
        The record.

    Raises:
        ValueError: when the line is no record that this version knows.
    """
    try:
        return _records().validate_json(line)
    except ValidationError:
        return record_from_json(_plain(line))


def record_to_json(record: Record) -> dict[str, Any]:
    """Turn a record into plain JSON values."""
    return _records().dump_python(record, mode="json")  # type: ignore[no-any-return]


def record_from_json(value: object) -> Record:
    """Read a record from plain JSON values.

    Raises:
        ValueError: when it is no record that this version knows.
    """
    try:
        return _records().validate_python(value)
    except ValidationError as error:
        raise ValueError(f"not a record: {error.error_count()} problems") from error


@cache
def _states() -> TypeAdapter[SessionState]:
    return TypeAdapter(SessionState)


def state_to_json(state: SessionState) -> dict[str, Any]:
    """Turn a session's facts into plain JSON values."""
    return _states().dump_python(state, mode="json")  # type: ignore[no-any-return]


def state_from_json(value: object) -> SessionState:
    """Read a session's facts from plain JSON values.

    Raises:
        ValueError: when they are not those of this version.
    """
    try:
        return _states().validate_python(value)
    except ValidationError as error:
        raise ValueError(f"not a state: {error.error_count()} problems") from error
