"""What is painted less often than it changes: the scrollbar, and agents' words while one types."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, strategies as st
from textual.scrollbar import ScrollBarRender

from parallel_agents.core import events as ev
from parallel_agents.tui.screens import board
from parallel_agents.tui.text.blocks import _thumb
from tests.tui.drive import screen
from tests.tui.fake import Fake


def _two() -> Fake:
    fake = Fake()
    fake.session("a1", "one")
    fake.happen("a1", ev.AssistantText(text="ready"))
    return fake


def _painted(rows: int, length: int, y: int) -> list[tuple[str, object]]:
    """A scrollbar as Textual paints it."""
    bar = ScrollBarRender.render_bar(
        rows, length, rows if rows < length else 0, min(y, max(length - rows, 0))
    )
    return [(segment.text, segment.style) for segment in bar.segments]


@given(st.integers(1, 60), st.integers(1, 3_000), st.integers(0, 20), st.integers(0, 3_000))
def test_a_bar_with_the_same_thumb_looks_the_same(
    rows: int, length: int, grown: int, top: int
) -> None:
    first = min(top, max(length - rows, 0))
    second = min(first + grown, max(length + grown - rows, 0))
    if _thumb(rows, length, first) == _thumb(rows, length + grown, second):
        assert _painted(rows, length, first) == _painted(rows, length + grown, second)


async def test_a_letter_is_painted_before_what_an_agent_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(board, "LETTER", 3600.0)
    monkeypatch.setattr(board, "LATEST", 3600.0)
    fake = _two()
    async with screen(fake) as drive:
        await drive.shows("ready")
        await drive.press("enter", "x")
        fake.happen("a1", ev.AssistantText(text="much later"))
        await drive.press("y")
        await drive.shows("xy")
        assert "much later" not in drive.text()


async def test_what_an_agent_says_is_painted_however_fast_one_types(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(board, "LETTER", 3600.0)
    fake = _two()
    async with screen(fake) as drive:
        await drive.shows("ready")
        await drive.press("enter", "x")
        fake.happen("a1", ev.AssistantText(text="soon enough"))
        await drive.shows("soon enough")


@pytest.mark.parametrize("key", ["", "question_mark"], ids=["alone", "under a dialog"])
async def test_no_frame_has_the_first_row_beside_the_welcome(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under a dialog, a row is painted before the screen is laid out anew."""
    fake = Fake()
    async with screen(fake) as drive:
        await drive.shows("No sessions yet.")
        await drive.press(*filter(None, [key]))
        frames: list[str] = []
        shown = drive.app._display

        def display(*args: Any) -> None:
            shown(*args)
            strips = drive.main._compositor.render_strips(drive.app.size)
            frames.append("".join(part.text for strip in strips for part in strip))

        monkeypatch.setattr(drive.app, "_display", display)
        fake.session("a1", "the-first")
        await drive.until(lambda: any("the-first" in frame for frame in frames), "painted")
        await drive.until(lambda: "No sessions yet." not in frames[-1], "the welcome is gone")
        assert [f for f in frames if "the-first" in f and "No sessions yet." in f] == []


async def test_a_change_is_painted_however_busy_the_machine_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A timer of Textual's that finds its time over when it first looks never calls anything."""
    async with screen(_two()) as drive:
        clock = itertools.count(1_000.0)
        monkeypatch.setattr("textual.timer._time.get_time", lambda: next(clock))
        for number in range(5):
            drive.main.paint()  # so that the next painting has to wait
            drive.fake.happen("a1", ev.AssistantText(text=f"Said {number}."))
            await drive.shows(f"Said {number}.")
