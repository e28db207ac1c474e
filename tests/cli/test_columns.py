"""Columns stay where they are, whatever characters a name is made of."""

from __future__ import annotations

import pytest
from hypothesis import example, given, strategies as st
from rich.cells import cell_len

from parallel_agents.cli import columns, render
from parallel_agents.core.place import Counts
from parallel_agents.core.value import replace
from parallel_agents.supervisor.sessions.session_rows import session_row
from tests.support.facts import facts_of

NAMES = [
    "plain",
    "日本語の名前",
    "e\u0301tude",
    "👩\u200d👩\u200d👧 family",
    "👍🏽",
    "❤️",
    "🇩🇪 flag",
    "ｗｉｄｅ",
    "กำ",
]


def test_the_second_column_begins_in_the_same_cell() -> None:
    lines = list(render.table([(name, "|", "x") for name in NAMES]))
    assert len({cell_len(line.partition("|")[0]) for line in lines}) == 1


@example("\u200d\u200d日a", 2)
@example("\u200d\u200d日a", 3)
@given(st.text(st.sampled_from("aé日👍\u0301\u200d🏽❤️ ")), st.integers(1, 12))
def test_what_is_cut_fits(text: str, cells: int) -> None:
    found = columns.cut(text, cells)
    assert columns.width(found) <= cells
    assert found == text or columns.width(text) > cells


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("columns_there", [80, 40])
def test_a_list_of_sessions_fits_a_terminal(
    name: str,
    columns_there: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    changes = Counts(files=1, insertions=12345, deletions=12345)
    entry = replace(
        session_row(facts_of(id="01234567", name=name * 9)),
        state="working",
        detail=name * 20,
        changes=changes,
    )
    monkeypatch.setattr(render, "is_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns_there))
    render.sessions([entry, replace(entry, name="other", detail="short")])
    first, second = capsys.readouterr().out.splitlines()
    assert max(cell_len(first), cell_len(second)) <= columns_there
    if columns_there == 80:
        assert cell_len(first.partition("working")[0]) == cell_len(second.partition("working")[0])
