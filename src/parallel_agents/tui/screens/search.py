"""What a search found: lists the places, and returns the one to go to.

Keep true: outside text is shown safely, and only in the styles given here.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from parallel_agents.tui.screens.confirm import Dialog
from parallel_agents.tui.text.ages import ago
from parallel_agents.tui.text.lines import Block, LineView
from parallel_agents.tui.text.spans import Line, Span, flat, line_of, row
from parallel_agents.tui.text.styles import Ink
from parallel_agents.tui.widgets.keyed import Keyed
from parallel_agents.wire.messages import SearchHit, SearchResult


class Places(LineView, Keyed):
    """The places, in the order of the result."""

    PLACES = ("lines",)

    def put(self, hits: Sequence[SearchHit], now: int) -> None:
        """Show the places, with the cursor on the first.

        Args:
            hits: from the reply to `Search`.
            now: milliseconds since 1970.
        """
        self.set_blocks([_block(number, hit, now) for number, hit in enumerate(hits)])
        self.put_cursor("0")


class SearchScreen(Dialog):
    """Lists what was found; returns the number of the place to go to.

    Args:
        text: what was looked for.
        result: from the reply to `Search`, with at least one hit.
        now: milliseconds since 1970.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "go", show=False)]

    def __init__(self, text: str, result: SearchResult, now: int) -> None:
        count = f"{len(result.hits)}{'' if result.complete else ' or more'}"
        super().__init__(f"{text} · {count} found", "Enter go there   ↑↓ choose   Esc close")
        self._hits = result.hits
        self._now = now

    def content(self) -> ComposeResult:
        """Create the list."""
        yield Places()

    def on_mount(self) -> None:
        """Show the places."""
        places = self.query_one(Places)
        places.put(self._hits, self._now)
        places.focus()

    def action_go(self) -> None:
        """Go to the place under the cursor."""
        if isinstance(chosen := self.query_one(Places).cursor, str):
            self.dismiss(chosen)


def _block(number: int, hit: SearchHit, now: int) -> Block:
    def build(width: int, ink: Ink) -> list[Line]:
        left = [flat(hit.name, ink.strong), Span(f"  turn {hit.turn} · {hit.who}", ink.muted)]
        when = [Span(f"  {ago(now - hit.at)}", ink.muted)]
        return [Line(row(left, when, width)), line_of(flat(f"  {hit.line}", ink.text, width))]

    return Block(f"{number}", (now,), build, text=hit.line)
