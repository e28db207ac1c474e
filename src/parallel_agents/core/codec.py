"""Converts our values to JSON and back, for the journal, the wire, the files and `--json`.

Keep true: text may hold bytes that are not UTF-8, as Python reads them from file names (PEP 383),
and is restored exactly; so is the content of a JSON object from an agent.
"""

import json
from functools import cache
from types import UnionType
from typing import Any, TypeVar, overload

import msgspec

from parallel_agents.core.events import Record
from parallel_agents.core.worktree import WorktreeRecord

T = TypeVar("T")


def dump(value: object) -> bytes:
    """Write a value as one line of JSON, without its newline."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        # Half a surrogate pair has no UTF-8 form, but the standard library can write it escaped.
        return json.dumps(to_plain(value), separators=(",", ":")).encode()


@overload
def load(line: bytes | str, kind: type[T]) -> T: ...
@overload
def load(line: bytes | str, kind: UnionType) -> Any: ...  # noqa: ANN401 - mypy has no type of unions
def load(line: bytes | str, kind: Any) -> Any:
    """Read a value of a given type from JSON.

    Args:
        line: bytes must be UTF-8.
        kind: a class, or a union of classes that `type` distinguishes.

    Raises:
        ValueError: the JSON does not hold such a value.
    """
    try:
        return _decoder(kind).decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return from_plain(_parsed(line), kind)


def to_plain(value: object) -> Any:  # noqa: ANN401 - plain JSON values
    """Turn a value into dictionaries, lists and scalars, as JSON has them."""
    return msgspec.to_builtins(value)


@overload
def from_plain(data: object, kind: type[T]) -> T: ...
@overload
def from_plain(data: object, kind: UnionType) -> Any: ...  # noqa: ANN401 - mypy has no type of unions
def from_plain(data: object, kind: Any) -> Any:
    """Read a value of a given type from plain JSON values.

    Raises:
        ValueError: the data is no such value; the message says where.
    """
    try:
        return msgspec.convert(data, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ValueError(str(error)) from None
    except UnicodeEncodeError:  # msgspec's message would quote text with half a surrogate pair
        raise ValueError("a value is not one of those allowed there") from None


def load_record(line: bytes | str) -> Record:
    """Read one line of a journal.

    Raises:
        ValueError: the line is no record that this version knows.
    """
    try:
        return load(line, Record)
    except ValueError:
        return from_plain(_without_unreadable_place(_parsed(line)), Record)


def _without_unreadable_place(data: object) -> object:
    """The same record without what the worktrees' side wrote down, where that cannot be read.

    The session keeps its path and branch then, and nothing is done to its worktree.
    """
    event = data.get("event") if isinstance(data, dict) else None
    if not isinstance(event, dict):
        return data
    kept = {"worktree_ready": event, "restored": event.get("worktree")}.get(str(event.get("type")))
    if isinstance(kept, dict) and kept.get("record") is not None:
        try:
            from_plain(kept["record"], WorktreeRecord)
        except ValueError:
            kept["record"] = None
    return data


def _parsed(line: bytes | str) -> object:
    """Read JSON with the standard library, which accepts half a surrogate pair and 1e999.

    Raises:
        ValueError: it is not JSON.
    """
    try:
        return json.loads(line)
    except (ValueError, RecursionError):  # bytes that are not UTF-8 also raise a ValueError
        raise ValueError("this is not JSON") from None


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:  # noqa: ANN401 - a class or a union
    # Building a decoder inspects every class it may need, and a journal has thousands of lines.
    return msgspec.json.Decoder(kind)
