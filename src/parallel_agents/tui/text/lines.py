"""The base of every long view: paints the visible lines, selects, copies, moves a cursor.

Keep true: a line is painted once as long as it stays where it is; what is copied is the text
without decoration, as it is shown: wrapped lines joined again, control characters made visible.
"""

from collections.abc import Hashable

from rich.cells import cell_len
from rich.style import Style
from textual import events
from textual.geometry import Offset, Region
from textual.selection import Selection
from textual.strip import Strip

from parallel_agents.core.text import safe
from parallel_agents.tui.text.blocks import Block, BlockView
from parallel_agents.tui.text.spans import Line, over
from parallel_agents.tui.text.styles import ink_of

__all__ = ["Block", "LineView"]

_KEPT = 1_000
"""Painted lines that are kept."""


class LineView(BlockView, can_focus=True):
    """A view of blocks; subclasses decide what the blocks are."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._base = Style.null()
        self._painted: dict[int, tuple[Strip, int, Style, Strip]] = {}
        self.cursor: Hashable | None = None

    def restart(self) -> None:
        """Forget place and cursor: something else is shown from now on."""
        self.cursor = None
        super().restart()

    # --- painting ----------------------------------------------------------------------------

    def render_lines(self, crop: Region) -> list[Strip]:
        """Paint what the screen asks for, with a background that is worked out once."""
        self._base = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """Paint one visible line; `y` counts from the top of what is visible."""
        place = self.scroll_offset.y + y
        width = self.scrollable_content_region.width
        found = self._line_at(place)
        if found is None:
            return Strip.blank(width, self._base)
        item, line = found
        if self._mark_width(item, line, width) or self.text_selection is not None:
            return self._finished(item, line, place, width)
        known = self._painted.get(place)
        if known is not None and known[:3] == (line.strip, width, self._base):
            return known[3]
        if len(self._painted) > _KEPT:
            self._painted.clear()
        painted = self._finished(item, line, place, width)
        self._painted[place] = (line.strip, width, self._base, painted)
        return painted

    def _finished(self, item: Block, line: Line, place: int, width: int) -> Strip:
        strip = self._selected(line.strip, place).adjust_cell_length(width)
        if marked := self._mark_width(item, line, width):
            strip = self._marked(strip, marked)
        return strip.apply_style(self._base).apply_offsets(0, place)

    def _mark_width(self, item: Block, line: Line, width: int) -> int:
        """How many cells of a line show that the cursor is there."""
        if not self.has_focus or item.key != self.cursor:
            return 0
        return width if line.target else 2

    def _marked(self, strip: Strip, width: int) -> Strip:
        """Show that the cursor is here: a whole row, or a bar beside a tall block."""
        head = over(strip.crop(0, width), ink_of(self.app).on_cursor)
        return Strip.join([head, strip.crop(width, strip.cell_length)])

    def _selected(self, strip: Strip, y: int) -> Strip:
        selection = self.text_selection
        span = selection.get_span(y) if selection is not None else None
        if span is None:
            return strip
        start, end = span
        text = strip.text
        first = cell_len(text[:start])
        second = strip.cell_length if end == -1 else max(cell_len(text[:end]), first)
        style = self.screen.get_component_rich_style("screen--selection")
        middle = over(strip.crop(first, second), style)
        return Strip.join([strip.crop(0, first), middle, strip.crop(second, strip.cell_length)])

    # --- selecting and copying ---------------------------------------------------------------

    def selection_updated(self, selection: Selection | None) -> None:
        """Paint the selection."""
        self.refresh()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The selected words, without decoration, wrapped lines joined again."""
        last = max(self._tops[-1] - 1, 0)
        start = selection.start or Offset(0, 0)
        end = selection.end or Offset(1 << 20, last)
        out = ""
        for y in range(start.y, min(end.y, last) + 1):
            found = self._line_at(y)
            if found is None:
                continue
            line = found[1]
            text = line.strip.text
            begin = max(start.x if y == start.y else 0, line.skip)
            part = text[begin : end.x if y == end.y else len(text)]
            part = part if y == end.y else part.rstrip()
            out += part if y == start.y else line.joint + part
        return out, "\n"

    def action_copy_block(self) -> None:
        """Copy what was selected, else the whole block under the cursor (OSC 52)."""
        index = self.index_of(self.cursor)
        text = self.screen.get_selected_text() or (
            self._blocks[index].text if index is not None else ""
        )
        if text:
            text = safe(text)
            self.app.copy_to_clipboard(text)
            self.notify(f"Copied {len(text):,} characters.", markup=False, timeout=2)

    # --- the cursor and the mouse ------------------------------------------------------------

    def action_cursor(self, step: int) -> None:
        """Move the cursor over blocks, or scroll through one taller than the view."""
        index = self.index_of(self.cursor)
        if index is None:
            self._enter_cursor()
        elif not self._scrolled_within(index, step):
            index += step
            while 0 <= index < len(self._blocks) and not self._blocks[index].stop:
                index += step
            if 0 <= index < len(self._blocks):
                self.put_cursor(self._blocks[index].key)

    def _enter_cursor(self) -> None:
        """Begin with what the person is most likely to look at."""
        if not self._blocks:
            return
        start = 0 if self.following else self._at(self.scroll_offset.y)[0]
        stops = [item.key for item in self._blocks[start:] if item.stop]
        if stops:
            self.put_cursor(stops[-1] if self.following else stops[0])

    def _scrolled_within(self, index: int, step: int) -> bool:
        top, bottom = self._tops[index], self._tops[index + 1]
        view = self.scroll_offset.y
        end = view + self.scrollable_content_region.height
        if (step > 0 and bottom > end > top) or (step < 0 and top < view < bottom):
            self.scroll_to(y=view + step, animate=False, immediate=True)
            return True
        return False

    def put_cursor(self, key: Hashable | None) -> None:
        """Set the cursor on a block and bring it into view."""
        self.cursor = key
        self.show_block(key)
        self.refresh()

    def show_block(
        self,
        key: Hashable | None,
        *,
        at_top: bool = False,
        row: int | None = None,
        margin: int = 0,
    ) -> None:
        """Scroll so that a block is visible.

        Args:
            key: which.
            at_top: put it at the top of the view, even when it is visible already.
            row: the only line of the block that has to be visible; None for all of them.
            margin: lines that are to be visible above and below it.
        """
        index = self.index_of(key)
        if index is None or not self._width:
            return
        self._lines(index)
        self._settle(self._anchor())
        height = self.scrollable_content_region.height
        top, bottom = self._tops[index], self._tops[index + 1]
        if row is not None:
            top, bottom = top + row - margin, top + row + 1 + margin
        view = self.scroll_offset.y
        if top < view or at_top:
            self.scroll_to(y=top, animate=False, immediate=True)
        elif bottom > view + height:
            self.scroll_to(y=min(top, bottom - height), animate=False, immediate=True)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where it was clicked, and press what is there."""
        found = self._line_at(self.scroll_offset.y + event.y)
        if found is None or self.screen.get_selected_text():
            return
        item, line = found
        if item.stop:
            self.cursor = item.key
            self.refresh()
        if line.target:
            self.pressed(item.key, line.target)

    def pressed(self, key: Hashable, target: str) -> None:
        """A line with a target was clicked; subclasses say what it does."""
