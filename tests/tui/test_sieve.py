"""The sieve: what is no key becomes none, however it is cut; what is a key stays one."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, strategies as st
from textual import events
from textual.message import Message

from parallel_agents.tui.terminal.sieve import HALF, PASTE_LIMIT, STRING_LIMIT, Sieve
from parallel_agents.tui.terminal.terminal_input import (
    REST,
    OldMouse,
    Quiet,
    Rested,
    Swallowed,
    TerminalInput,
)
from tests.tui.answers import ANSWERS


class Reader:
    """A terminal's input with a clock of the test's own."""

    def __init__(self) -> None:
        self.input = TerminalInput(0.1)
        self.now = 0.0
        self.events: list[Message] = []

    def _take(self, made: list[Message]) -> None:
        self.events += [event for event in made if not isinstance(event, Quiet | Rested)]

    def read(self, *reads: bytes) -> Reader:
        for data in reads:
            self._take(self.input.feed(data, self.now))
            self.now += 0.001
        return self

    def pass_(self, seconds: float) -> Reader:
        end = self.now + seconds
        while self.input.deadline is not None and self.input.deadline <= end:
            self.now = self.input.deadline
            self._take(self.input.tick(self.now))
        self.now = end
        return self

    @property
    def keys(self) -> list[str]:
        return [event.key for event in self.events if isinstance(event, events.Key)]

    @property
    def pastes(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, events.Paste)]


def keys(*reads: bytes) -> list[str]:
    return Reader().read(*reads).pass_(3).keys


def names(*reads: bytes) -> list[str]:
    return [type(event).__name__ for event in Reader().read(*reads).pass_(3).events]


@pytest.mark.parametrize("answer", ANSWERS, ids=ascii)
def test_no_answer_of_a_terminal_is_a_key_wherever_it_is_cut(answer: bytes) -> None:
    for cut in range(1, len(answer)):
        found = keys(answer[:cut], answer[cut:])
        assert found == [], f"cut after {answer[:cut]!r}"
    assert keys(*(bytes([byte]) for byte in answer)) == []


def test_escape_came_when_it_was_read_and_not_when_nothing_followed_it() -> None:
    """What is held back and then given is quiet at once: a key behind it was typed by itself."""
    held = TerminalInput(0.1)
    assert [type(made) for made in held.feed(b"\x1b", 0.0)] == [Swallowed]
    assert [type(made) for made in held.tick(0.03)] == [Quiet]
    assert [type(made) for made in held.tick(0.1)] == [events.Key, Quiet]
    assert held.deadline == 0.1 + REST
    assert [type(made) for made in held.tick(0.1 + REST)] == [Rested]
    assert held.deadline is None


def test_a_key_has_rested_whatever_else_the_terminal_sends() -> None:
    reader = TerminalInput()
    reader.feed(b"y", 0.0)
    assert Rested not in map(type, reader.feed(b"\x1b[<35;6;2M", REST - 0.01))
    assert Rested in map(type, reader.tick(REST))


def test_another_key_begins_the_rest_anew() -> None:
    reader = TerminalInput()
    reader.feed(b"y", 0.0)
    reader.feed(b"j", REST - 0.01)
    assert Rested not in map(type, reader.tick(REST))
    assert Rested in map(type, reader.tick(2 * REST - 0.01))


def test_what_is_held_for_a_moment_only_is_not_quiet_yet() -> None:
    held = TerminalInput(0.01)
    held.feed(b"\x1b", 0.0)
    assert [type(made) for made in held.tick(0.01)] == [events.Key]
    assert held.deadline == 0.03
    assert [type(made) for made in held.tick(0.03)] == [Quiet]


@pytest.mark.parametrize("answer", ANSWERS, ids=ascii)
def test_keys_work_right_behind_every_answer(answer: bytes) -> None:
    reader = Reader().read(answer).pass_(3).read(b"j").pass_(1)
    assert reader.keys == ["j"]


@pytest.mark.parametrize("answer", ANSWERS, ids=ascii)
def test_an_answer_that_is_never_ended_is_over_after_a_time(answer: bytes) -> None:
    for cut in range(2, len(answer)):
        reader = Reader().read(answer[:cut]).pass_(HALF + 0.1).read(b"j").pass_(1)
        assert reader.keys[-1:] == ["j"]


def test_a_string_without_an_end_does_not_swallow_what_is_typed_for_ever() -> None:
    reader = Reader().read(b"\x1b]11;rgb:")
    for _ in range(30):
        reader.read(b"j").pass_(0.1)
    assert len(reader.keys) > 15


def test_a_flood_without_an_end_is_dropped_until_it_ends() -> None:
    reader = Reader().read(b"\x1b]52;c;")
    for _ in range(STRING_LIMIT // 4096 + 50):
        reader.read(b"yaAn" * 1024)
    assert reader.keys == []
    assert reader.pass_(1.5).read(b"j").keys == ["j"]


def test_a_slow_but_large_answer_is_swallowed_whole() -> None:
    reader = Reader().read(b"\x1b]52;c;")
    for _ in range(40):
        reader.read(b"yaAnyaAnyaAnyaAnyaAn").pass_(0.3)
    assert reader.read(b"\x07").pass_(1).keys == []


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"y", ["y"]),
        (b"A", ["A"]),
        (b"\r", ["enter"]),
        (b"\t", ["tab"]),
        (b"\x7f", ["backspace"]),
        (b"\x18", ["ctrl+x"]),
        (b"\x1b", ["escape"]),
        (b"\x1b\x1b", ["escape", "escape"]),
        (b"\x1b1", ["inverted_exclamation_mark"]),
        (b"\x1bx", ["alt+x"]),
        (b"\x1b[A", ["up"]),
        (b"\x1bOB", ["down"]),
        (b"\x1b[1;5C", ["ctrl+right"]),
        (b"\x1b[Z", ["shift+tab"]),
        (b"\x1b[6~", ["pagedown"]),
        (b"\x1b[15~", ["f5"]),
        (b"\x1b[[A", ["f1"]),
        (b"\x1bOP", ["f1"]),
        (b"\x1b[23$", ["f23"]),
        (b"\x1b[121u", ["y"]),
        (b"\x1b[97;5u", ["ctrl+a"]),
        ("é".encode(), ["é"]),
        ("日本".encode(), ["日", "本"]),
        (b"\x9bA", ["up"]),
        (b"\xe9", ["replacement_character"]),
        (b"\x00", ["ctrl+@"]),
    ],
    ids=ascii,
)
def test_keys_are_keys_wherever_they_are_cut(data: bytes, expected: list[str]) -> None:
    assert keys(data) == expected
    assert keys(*(bytes([byte]) for byte in data)) == expected


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\x1b[?2026;2$y", "TerminalSupportsSynchronizedOutput"),
        (b"\x1b[?2048;2$y", "InBandWindowResize"),
        (b"\x1b[48;40;120;800;1200t", "Resize"),
        (b"\x1b[12;34R", "CursorPosition"),
        (b"\x1b[I", "AppFocus"),
        (b"\x1b[<0;10;10M", "MouseDown"),
        (b"\x1b[200~hi\x1b[201~", "Paste"),
    ],
    ids=ascii,
)
def test_what_the_screen_needs_reaches_it(data: bytes, name: str) -> None:
    assert names(data) in ([name], [name, "Swallowed"])
    assert [n for n in names(*(bytes([b]) for b in data)) if n != "Swallowed"] == [name]


@pytest.mark.parametrize(
    "data",
    [
        b"\x1b[48;0;0;0;0t",
        b"\x1b[48;99999;99999;1;1t",
        b"\x1b[9999999999999u",
        b"\x1b[55296u",
        b"\x1b[1114112;5u",
        b"\x1b[<999999;1;1M",
        b"\x1b[5z",
        b"\x1b[" + b"1" * 5000 + b"u",
        b"\x1b[23$y",
        b"\x1b\\",
        b"\x9c",
        b"\x80",
    ],
    ids=lambda data: ascii(data)[:30],
)
def test_what_makes_no_sense_is_swallowed(data: bytes) -> None:
    assert set(names(data)) <= {"Swallowed"}


def test_an_old_mouse_report_says_so() -> None:
    for report in (b"\x1b[M \xe1\xff", b"\x1b[M aa", b"\x1b[32;5;1M"):
        assert [type(e) for e in Reader().read(report).events] == [OldMouse]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x1b[200~y\ny\n\x1b[201~", ["y\ny\n"]),
        (b"\x1b[200~a\x1b[201~y\r\x1b[201~", ["a", "y\r"]),
        (b"\x1b[200~\x1b[200~y\x1b[201~", ["[200~y"]),
        (b"\x1b[200~never y", ["never y"]),
        (b"\x1b[200~\x1b]11;y\x07\x1b[201~", ["]11;y"]),
        (b"\x9b200~y\x9b201~", ["y"]),
        (b"\x1b[200~\x1b[201~", [""]),
        (b"\x1b[200~\x00\x03y\x1b[201~", ["y"]),
    ],
    ids=ascii,
)
def test_what_is_pasted_is_never_a_key(data: bytes, expected: list[str]) -> None:
    reader = Reader().read(data).pass_(3)
    assert (reader.keys, reader.pastes) == ([], expected)
    cut = Reader().read(data[:7], data[7:]).pass_(3)
    assert cut.keys == []


def test_a_paste_is_bounded() -> None:
    reader = Reader().read(b"\x1b[200~" + b"y" * (PASTE_LIMIT + 5000) + b"\x1b[201~")
    assert reader.read(b"j").pass_(1).keys == ["j"]
    assert [len(text) for text in reader.pastes] == [PASTE_LIMIT]


def test_a_paste_that_is_still_coming_is_not_over() -> None:
    reader = Reader().read(b"\x1b[200~")
    for _ in range(20):
        reader.read(b"y").pass_(HALF / 2)
    assert reader.read(b"\x1b[201~").pastes == ["y" * 20]
    assert reader.keys == []


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=8), st.lists(st.floats(0, 2)))
def test_nothing_raises_and_it_is_usable_afterwards(
    reads: list[bytes], pauses: list[float]
) -> None:
    reader = Reader()
    for data, pause in itertools.zip_longest(reads, pauses, fillvalue=None):
        reader.read(data or b"").pass_(pause or 0.0)
    reader.pass_(3)
    before = len(reader.events)
    reader.read(b"j").pass_(0.5)
    assert [e.key for e in reader.events[before:] if isinstance(e, events.Key)] == ["j"]
    assert reader.input.deadline is None


@given(st.binary(max_size=60), st.data())
def test_the_place_of_a_cut_changes_no_key(data: bytes, draw: st.DataObject) -> None:
    """But for Escape, which is told by the time, and stray ends of pastes, told by the read."""
    if b"201~" in data:
        return
    cut = draw.draw(st.integers(0, len(data)))
    assert keys(data) == keys(data[:cut], data[cut:])


@given(st.binary(max_size=200))
def test_every_byte_belongs_to_one_piece(data: bytes) -> None:
    whole, single = Sieve(), Sieve()
    assert [t for t in whole.feed(data, 0.0) if t.kind == "char"] == [
        t for b in data for t in single.feed(bytes([b]), 0.0) if t.kind == "char"
    ] or b"201~" in data


def test_swallowing_is_told() -> None:
    assert any(isinstance(event, Swallowed) for event in Reader().read(b"\x1b]11;y").events)
    assert [type(event) for event in Reader().read(b"\x1b").events] == [Swallowed]
