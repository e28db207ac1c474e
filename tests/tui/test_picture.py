"""The pictures of the documentation are what the screen shows: made here, and compared here.

After a change of the screen, make it anew: `python -m tests.tui.test_picture`.
"""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import pytest

from parallel_agents.tui.app import ScreenApp
from tests.tui.fake import T0, Fake
from tests.tui.scenes import picture, reviewed

DOCS = Path(__file__).parents[2] / "docs"
SIZE = (104, 28)
_AGO_MS = 150_000


class Picture(NamedTuple):
    """One picture.

    Attributes:
        scene: makes the supervisor that it shows.
        keys: pressed before it is taken.
        words: what must be on the screen by then.
    """

    scene: Callable[[], Fake]
    keys: tuple[str, ...]
    words: frozenset[str]


PICTURES = {
    "screen.svg": Picture(picture, (), frozenset({"wants to use", "allow once", "Now I run"})),
    "review.svg": Picture(
        reviewed,
        ("d", "right_square_bracket", "j"),
        frozenset({"who clears old windows?", "Off by one", "begins_at_zero", "1 comment"}),
    ),
}


async def _made(wanted: Picture) -> str:
    app = ScreenApp("/home/dev/shop", wanted.scene().connect)
    clock = patch("parallel_agents.tui.screens.board.now_ms", lambda: T0 + _AGO_MS)
    with clock:
        return await _drawn(app, wanted)


async def _drawn(app: ScreenApp, wanted: Picture) -> str:
    async with app.run_test(size=SIZE) as pilot:
        async with asyncio.timeout(20):
            while "total" not in _text(app):
                await pilot.pause(0.02)
            await pilot.press(*wanted.keys)
            while not all(words in _text(app) for words in wanted.words):
                await pilot.pause(0.02)
        return _without_fonts(app.export_screenshot(title="parallel-agents"))


def _text(app: ScreenApp) -> str:
    return " ".join(_lines(app.export_screenshot()))


def _without_fonts(svg: str) -> str:
    """Take out fonts that would be fetched from elsewhere; the reader's own will do."""
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


def _lines(svg: str) -> list[str]:
    """Every piece of text in a picture, in order."""
    found = re.findall(r"<text[^>]*>(.*?)</text>", svg, re.DOTALL)
    return [html.unescape(text).replace("\xa0", " ").strip() for text in found]


@pytest.mark.parametrize("name", PICTURES)
async def test_the_picture_is_what_the_screen_shows(name: str) -> None:
    made = await _made(PICTURES[name])
    how = "make it anew: python -m tests.tui.test_picture"
    assert _lines((DOCS / name).read_text("utf-8")) == _lines(made), how


@pytest.mark.parametrize("name", PICTURES)
def test_it_fetches_nothing(name: str) -> None:
    addresses = re.findall(r"https?://[^\s\"')]+", (DOCS / name).read_text("utf-8"))
    assert set(addresses) <= {"http://www.w3.org/2000/svg", "https://www.textualize.io"}


if __name__ == "__main__":
    for _name, _wanted in PICTURES.items():
        (DOCS / _name).write_text(asyncio.run(_made(_wanted)), "utf-8")
