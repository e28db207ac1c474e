"""Looking for a text in journals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core import events as ev
from parallel_agents.core.found_text import certain_bytes, folded, line_with
from parallel_agents.supervisor.record.journal import dump_line
from parallel_agents.supervisor.record.journal_search import PER_SESSION, Transcript, search
from parallel_agents.wire.messages import SearchResult
from tests.support.facts import records

LONG = 60.0


def written(directory: Path, name: str, *events: ev.Event) -> Transcript:
    path = directory / f"{name}.jsonl"
    path.write_bytes(b"".join(dump_line(record) for record in records(*events)))
    return Transcript(name, f"name of {name}", path)


def lines(result: SearchResult) -> list[tuple[str, int, str]]:
    return [(hit.session, hit.seq, hit.line) for hit in result.hits]


TURN = ev.TurnStarted(conversation="c")


def test_it_finds_who_said_it_in_which_turn(tmp_path: Path) -> None:
    one = written(
        tmp_path, "one", ev.MessageQueued(uuid="m", text="Fix the\nFlaky test"), TURN,
        ev.ToolUsed(id="t", name="Bash", input={"command": "pytest -k flaky"}),
        ev.ToolReturned(tool_use="t", text="1 FLAKY, 2 passed"), TURN,
        ev.AssistantText(text="Not flaky any more."), ev.AssistantText(text="Done."),
    )  # fmt: skip
    result = search([one], "flaky", 100, LONG)
    assert [(hit.turn, hit.who, hit.line) for hit in result.hits] == [
        (2, "agent", "Not flaky any more."),
        (1, "tool", "1 FLAKY, 2 passed"),
        (1, "tool", "Bash: pytest -k flaky"),
        (0, "you", "Flaky test"),
    ]
    assert result.complete
    assert {hit.name for hit in result.hits} == {"name of one"}


@pytest.mark.parametrize(
    "text", ['say "hi"', "a\\b", "[x]*", "groß", "GROSS", "ẞ", "日本", "\x1b[2J"]
)
def test_a_text_is_literal_whatever_its_signs(text: str, tmp_path: Path) -> None:
    one = written(
        tmp_path, "one", ev.AssistantText(text=f"x {text} y"), ev.AssistantText(text="xy")
    )
    assert [seq for _, seq, _ in lines(search([one], text, 100, LONG))] == [1]


def test_a_letter_that_folds_into_ascii_is_found(tmp_path: Path) -> None:
    one = written(tmp_path, "one", ev.AssistantText(text="the ﬁx, in 5 \N{KELVIN SIGN}elvin"))
    assert search([one], "fix", 100, LONG).hits
    assert search([one], "kelvin", 100, LONG).hits


def test_damage_costs_only_itself(tmp_path: Path) -> None:
    one = written(tmp_path, "one", *[ev.AssistantText(text=f"word {n}") for n in range(3)])
    damaged = one.path.read_bytes().replace(b"word 1", b"word 9") + b"\xff word, torn"
    one.path.write_bytes(damaged)
    gone = Transcript("gone", "gone", tmp_path / "gone.jsonl")
    assert [seq for _, seq, _ in lines(search([gone, one], "word", 100, LONG))] == [3, 1]


def test_it_says_when_there_is_more(tmp_path: Path) -> None:
    many = [ev.AssistantText(text=f"word {n}") for n in range(PER_SESSION + 5)]
    one, two = written(tmp_path, "one", *many), written(tmp_path, "two", *many)
    result = search([one, two], "word", PER_SESSION, LONG)
    assert len(result.hits) == PER_SESSION
    assert not result.complete
    assert result.hits[0].seq == PER_SESSION + 5
    assert not search([one], "word", 10 * PER_SESSION, LONG).complete
    assert not search([one], "word", 100, -1.0).complete


@given(st.text(max_size=30), st.data())
def test_whatever_a_line_has_is_found_and_no_sieve_loses_it(text: str, data: st.DataObject) -> None:
    line = next((part for part in text.splitlines() if part.strip()), "x")
    start = data.draw(st.integers(0, len(line) - 1))
    wanted = folded(line[start : start + data.draw(st.integers(1, 8))])
    if not wanted:
        return
    assert line_with(text + "\nx", wanted) is not None
    written_as = json.dumps(line).encode().lower()
    if line.isascii():
        assert certain_bytes(wanted) in written_as


def test_a_line_is_cut_around_what_was_found() -> None:
    text = "a" * 5_000 + " needle " + "b" * 5_000
    found = line_with(text, "needle")
    assert found is not None
    assert "needle" in found
    assert len(found) < 250
