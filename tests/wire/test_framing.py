"""Lines come out of a byte stream whole, wherever it was cut."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, strategies as st

from parallel_agents.client.quick import unwrap
from parallel_agents.core.errors import GitError, UsageError
from parallel_agents.wire import messages as m
from parallel_agents.wire.framing import (
    LineSplitter,
    WireError,
    dump_frame,
    load_frame,
    load_object,
)

lines = st.lists(st.binary(max_size=8).map(lambda b: b.replace(b"\n", b"")), max_size=6)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(), max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(lines, st.lists(st.integers(0, 60)), st.binary(max_size=5))
def test_split_anywhere(sent: list[bytes], cuts: list[int], rest: bytes) -> None:
    stream = b"".join(line + b"\n" for line in sent) + rest.replace(b"\n", b"")
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    splitter = LineSplitter(100)
    got: list[bytes] = []
    for begin, end in pairwise(places):
        got.extend(splitter.feed(stream[begin:end]))
    assert got == sent
    assert list(splitter.feed(b"\n")) == [rest.replace(b"\n", b"")]


@pytest.mark.parametrize("data", [b"12345\n", b"12345", b"ok\n12345", b"ok\n12345\n"])
def test_a_line_over_the_limit_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match="frame of over 4 bytes"):
        list(LineSplitter(4).feed(data))


def test_a_line_at_the_limit_is_not() -> None:
    assert list(LineSplitter(4).feed(b"1234\n1234")) == [b"1234"]


@given(st.dictionaries(st.text(), values, max_size=4))
def test_a_frame_is_one_line_and_comes_back(value: dict[str, Any]) -> None:
    frame = dump_frame(value)
    assert frame.count(b"\n") == 1
    assert load_object(frame[:-1]) == value


def test_bytes_that_are_no_text_survive_as_surrogates() -> None:
    name = b"caf\xe9".decode("utf-8", "surrogateescape")
    assert load_object(dump_frame({"path": name})) == {"path": name}


@given(st.binary(max_size=40))
def test_anything_is_an_object_or_a_plain_refusal(line: bytes) -> None:
    try:
        value = load_object(line)
    except UsageError:
        return
    assert value == json.loads(line)


@pytest.mark.parametrize("line", [b"[" * 100_000, b"[]", b"1", b"null", b"\xff", b"", b"{}{}"])
def test_what_is_no_object(line: bytes) -> None:
    with pytest.raises(UsageError):
        load_object(line)


@pytest.mark.parametrize("name", ["café", "caf\udce9", "\ud800", "1e999"])
def test_a_reply_comes_back_whatever_its_texts_are(name: str) -> None:
    page = m.PatchPage(text=name, next=None)
    frame = load_frame(dump_frame({"id": 3, "reply": page})[:-1])
    assert frame.id == 3
    assert unwrap(frame, m.PatchPage) == page


@pytest.mark.parametrize("text", ["no", "caf\udce9"])
def test_a_refusal_comes_back_whatever_its_texts_are(text: str) -> None:
    said = WireError(kind="git", message=text, hint="h")
    with pytest.raises(GitError) as refused:
        unwrap(load_frame(dump_frame({"id": 3, "error": said})[:-1]), m.PatchPage)
    assert refused.value.message == text


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[]", b'{"id": "x"}', b'{"id":1,"error":[]}', b"\xff"]
)
def test_what_no_supervisor_sends_is_refused_in_words(line: bytes) -> None:
    with pytest.raises(UsageError, match="frame"):
        load_frame(line)
