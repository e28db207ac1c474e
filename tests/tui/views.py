"""Tiny host apps for one view, what they paint, and conversations to show in them."""

import re
import time
import unicodedata
from collections.abc import Callable, Iterator

from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widget import Widget

from parallel_agents.core import events as ev
from parallel_agents.core.transcript import Transcript
from parallel_agents.tui.text.lines import LineView
from parallel_agents.tui.text.styles import DARK, themes
from tests.support.told import used

HOSTILE = (
    "\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]52;c;aGk=\x07 \x9b2J \x90dcs\x9c \x00\x08\x7f\r\n"
    "[@click=app.quit]click[/] [/] [red]markup[/red] [link=https://x]l[/link]\n"
    "\u202etxt.exe\u2066x\u2069 zero\u200bwidth\ufeff \u2028 \ud800 \U000e0041\n"
    "&#x202e; &#27; &#x9b; &#8203; [l](https://e.vil/\u202e) ![i](https://p.ic/\x1b) <b>html</b>\n"
)
"""Everything that must not reach a terminal, as raw characters, as markup and as entities."""

_BAD = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800]")


class Host(App[None]):
    """An app that shows one widget."""

    def __init__(self, *shown: Widget) -> None:
        super().__init__()
        self.shown = shown
        self.heard: list[object] = []

    def compose(self) -> ComposeResult:
        yield from self.shown

    def on_mount(self) -> None:
        for theme in themes():
            self.register_theme(theme)
        self.theme = DARK


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    """Wait until something holds that comes later than the messages sent so far."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "never"
        await pilot.pause()


class Talk:
    """A transcript that grows by events."""

    def __init__(self) -> None:
        self.transcript = Transcript()
        self._seq = 0

    def add(self, *happened: ev.Event) -> set[int]:
        """Fold events; returns the indexes changed."""
        changed: set[int] = set()
        for event in happened:
            self._seq += 1
            record = ev.Record(seq=self._seq, at=1_700_000_000_000 + 500 * self._seq, event=event)
            changed |= self.transcript.apply(record)
        return changed

    def tool(self, name: str, result: str | None = "ok", **tool_input: object) -> set[int]:
        """A tool use, and its answer when it has one."""
        use = f"use{self._seq}"
        changed = self.add(used(id=use, name=name, input=tool_input))
        if result is not None:
            changed |= self.add(ev.ToolReturned(tool_use=use, text=result))
        return changed


def strips(view: Widget) -> Iterator[Strip]:
    """What a view paints, line by line."""
    for y in range(view.size.height):
        yield view.render_line(y)


def text(view: Widget) -> str:
    """What a view shows, without trailing spaces."""
    return "\n".join(strip.text.rstrip() for strip in strips(view)).rstrip("\n")


def screen_text(app: App[None]) -> str:
    """What the whole screen shows."""
    return "\n".join(
        strip.text.rstrip() for strip in app.screen._compositor.render_strips()
    ).rstrip("\n")


def assert_harmless(view: Widget) -> None:
    """No control byte, no override, nothing to click, in any strip."""
    width = view.size.width
    for strip in strips(view):
        assert not _BAD.search(strip.text), ascii(strip.text)
        assert strip.cell_length <= width
        for segment in strip:
            assert all(unicodedata.category(char) not in {"Cc", "Cs"} for char in segment.text)
            if segment.style is not None:
                assert segment.style.link is None
                assert set(segment.style.meta) <= {"offset"}


def at(view: LineView) -> object:
    """The key of the block that the cursor is on."""
    return view.cursor


def built(view: LineView) -> int:
    """How many blocks a view has built."""
    return len(view._built)
