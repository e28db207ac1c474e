"""The README's picture is what the screen shows: made here, and compared here.

After a change of the screen, make it anew: `python -m tests.tui.test_picture`.
"""

from __future__ import annotations

import asyncio
import html
import re
from pathlib import Path
from unittest.mock import patch

from parallel_agents.tui.app import ScreenApp
from tests.tui.fake import T0
from tests.tui.scenes import picture

PICTURE = Path(__file__).parents[2] / "docs/screen.svg"
SIZE = (104, 28)
_AGO_MS = 150_000


async def _picture() -> str:
    app = ScreenApp("/home/dev/shop", picture().connect)
    clock = patch("parallel_agents.tui.screens.board.now_ms", lambda: T0 + _AGO_MS)
    with clock:
        return await _drawn(app)


async def _drawn(app: ScreenApp) -> str:
    async with app.run_test(size=SIZE) as pilot:
        async with asyncio.timeout(20):
            while not {"wants to use", "allow once", "Now I run"} <= _shown(app):
                await pilot.pause(0.02)
        return _without_fonts(app.export_screenshot(title="parallel-agents"))


def _shown(app: ScreenApp) -> set[str]:
    text = " ".join(_lines(app.export_screenshot()))
    return {words for words in ("wants to use", "allow once", "Now I run") if words in text}


def _without_fonts(svg: str) -> str:
    """Take out fonts that would be fetched from elsewhere; the reader's own will do."""
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


def _lines(svg: str) -> list[str]:
    """Every piece of text in a picture, in order."""
    found = re.findall(r"<text[^>]*>(.*?)</text>", svg, re.DOTALL)
    return [html.unescape(text).replace("\xa0", " ").strip() for text in found]


async def test_the_picture_is_what_the_screen_shows() -> None:
    made = await _picture()
    how = "make it anew: python -m tests.tui.test_picture"
    assert _lines(PICTURE.read_text("utf-8")) == _lines(made), how


def test_it_fetches_nothing() -> None:
    addresses = re.findall(r"https?://[^\s\"')]+", PICTURE.read_text("utf-8"))
    assert set(addresses) <= {"http://www.w3.org/2000/svg", "https://www.textualize.io"}


if __name__ == "__main__":
    PICTURE.write_text(asyncio.run(_picture()), "utf-8")
