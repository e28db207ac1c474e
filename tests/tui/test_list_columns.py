"""Columns of the list on a wide screen."""

from __future__ import annotations

from hypothesis import given, strategies as st

from parallel_agents.core.columns import COLUMNS, USUAL, read_columns
from parallel_agents.core.errors import RefusedError
from parallel_agents.tui.content.list_columns import fitting
from parallel_agents.wire import messages as m
from tests.tui.drive import screen
from tests.tui.fake import Fake


def sessions() -> Fake:
    fake = Fake()
    for name in ("one", "another one"):
        fake.session(name[:2], name)
        fake.finish(name[:2], (2, 80, 12))
    return fake


async def test_a_wide_screen_shows_branch_model_and_cost() -> None:
    async with screen(sessions(), (280, 40)) as drive:
        await drive.shows("worktree-another-…")
        row = next(line for line in drive.text().splitlines() if "$0.50" in line)
        assert "claude-sonn" in row
        assert "+80" in row


async def test_the_columns_stand_below_one_another() -> None:
    async with screen(sessions(), (280, 40)) as drive:
        await drive.shows("$0.50")
        rows = [line for line in drive.text().splitlines() if "$0.50" in line]
        assert len(rows) == 2
        assert len({row.index("$0.50") for row in rows}) == 1


async def test_a_narrower_screen_asks_for_no_settings_and_shows_none() -> None:
    fake = sessions()
    async with screen(fake, (219, 40)) as drive:
        await drive.shows("another one")
        assert "$0.50" not in drive.main.sidebar.render_line(1).text
        assert fake.of(m.Status) == []


async def test_without_settings_the_list_does_without_columns() -> None:
    fake = sessions()
    fake.answers["status"] = RefusedError("No.")
    async with screen(fake, (280, 40)) as drive:
        await drive.until(lambda: fake.of(m.Status), "asked")
        await drive.shows("another one")


@given(st.lists(st.sampled_from(COLUMNS), unique=True), st.integers(0, 200))
def test_the_first_columns_stay_as_far_as_there_is_room(columns: list[str], width: int) -> None:
    read = read_columns(columns)
    assert read is not None
    kept = fitting(read, width)
    assert kept == read[: len(kept)]
    assert fitting(read, 200) == read
    assert fitting(read, 30) == ()


@given(st.one_of(st.none(), st.integers(), st.text(), st.lists(st.text(max_size=3))))
def test_whatever_is_no_list_of_columns_is_none(names: object) -> None:
    read = read_columns(names)
    assert read is None or all(column in COLUMNS for column in read)
    assert read_columns(list(USUAL)) == USUAL
