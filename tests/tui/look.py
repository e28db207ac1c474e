"""`python -m tests.tui.look SCENE`: the screen on a scene, without a supervisor.

In the terminal it obeys keys as always, and follows `style.tcss` as it is saved. With `--png` or
`--svg` it is drawn into a file.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

from parallel_agents.tui.app import ScreenApp
from tests.tui.drive import screen
from tests.tui.fake import ROOT, T0
from tests.tui.scenes import OPENING, SCENES

_AGO_MS = 150_000


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def parsed() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(prog="python -m tests.tui.look", description=__doc__)
    parser.add_argument("scene", choices=SCENES)
    parser.add_argument("--size", type=_size, default=(120, 40), metavar="WxH", help="of a picture")
    parser.add_argument("--keys", nargs="*", default=[], help="pressed before it is drawn")
    parser.add_argument("--png", type=Path, metavar="FILE", help="needs the package cairosvg")
    parser.add_argument("--svg", type=Path, metavar="FILE")
    return parser.parse_args()


async def drawn(scene: str, size: tuple[int, int], keys: list[str]) -> str:
    """Draw a scene.

    Args:
        scene: its name.
        size: columns and lines.
        keys: pressed first, by Textual's names.

    Returns:
        SVG.
    """
    async with screen(SCENES[scene](), size) as drive:
        for key in [*OPENING.get(scene, []), *keys]:
            await drive.press(key)
        for _ in range(3):  # what is read after the first painting
            await drive.pilot.pause()
        return drive.app.export_screenshot(title="parallel-agents")


def _to_png(svg: str, path: Path) -> None:
    try:
        import cairosvg
    except (ImportError, OSError) as error:
        sys.exit(f"A PNG needs cairosvg and libcairo: {error}\nOr draw it with --svg.")
    plain = re.sub(r"font-family: [^;]*;", "font-family: monospace;", svg)
    cairosvg.svg2png(bytestring=plain.encode(), write_to=str(path), scale=1.5)


def main() -> None:
    """Draw it, or open it here."""
    args = parsed()
    with (
        tempfile.TemporaryDirectory() as home,
        patch("parallel_agents.tui.screens.board.now_ms", lambda: T0 + _AGO_MS),
    ):
        os.environ |= {"PARALLEL_AGENTS_HOME": home, "PARALLEL_AGENTS_CLAUDE": sys.executable}
        if not (args.png or args.svg):
            os.environ["TEXTUAL"] = "debug"  # Textual follows its style sheets
            ScreenApp(ROOT, SCENES[args.scene]().connect, typed=True).run()
            return
        svg = asyncio.run(drawn(args.scene, args.size, args.keys))
    if args.svg:
        args.svg.write_text(svg, "utf-8")
    if args.png:
        _to_png(svg, args.png)


if __name__ == "__main__":
    main()
