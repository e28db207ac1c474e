"""A long view whose cursor goes from line to line where its blocks show lines of files.

Keep true: the cursor is on a block and, if that shows lines of a file, on one of them; several
lines that are chosen are lines of one file on one side; a cursor that was scrolled out of view
comes back to what is in view when it is moved.
"""

from textual import events
from textual.geometry import Region
from textual.strip import Strip

from parallel_agents.core.diff import Anchor
from parallel_agents.core.value import replace
from parallel_agents.tui.text.blocks import Block
from parallel_agents.tui.text.lines import LineView
from parallel_agents.tui.text.spans import Line

_MARGIN = 2
"""Lines that stay visible above and below the cursor."""

Choice = tuple[Anchor, Anchor]
"""The first and the last line that are chosen."""


class LineCursorView(LineView):
    """A view with a cursor on lines."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._line: Anchor | None = None
        self._began: Anchor | None = None
        self._shown_choice: Choice | None = None

    def restart(self) -> None:
        """Forget place and cursor."""
        self._line = self._began = None
        super().restart()

    # --- where the cursor is -----------------------------------------------------------------

    def _rows(self, index: int) -> list[int]:
        """The rows of a block on which a line of a file begins."""
        lines = self._lines(index)
        return [
            row
            for row, line in enumerate(lines)
            if line.anchor is not None and (not row or line.anchor != lines[row - 1].anchor)
        ]

    def _row(self, index: int) -> int | None:
        """The row of the cursor in its block: the first one, unless it was moved."""
        rows = self._rows(index)
        lines = self._lines(index)
        first = rows[0] if rows else None
        return next((row for row in rows if lines[row].anchor == self._line), first)

    @property
    def line(self) -> Anchor | None:
        """The line of a file under the cursor; None for anything else."""
        index = self.index_of(self.cursor)
        if index is None or (row := self._row(index)) is None:
            return None
        return self._lines(index)[row].anchor

    @property
    def chosen(self) -> Choice | None:
        """The lines that are chosen: those of the range, or the one under the cursor."""
        here, began = self.line, self._began
        if here is None:
            return None
        if began is None or replace(began, number=here.number) != here:
            return here, here
        return (began, here) if began.number <= here.number else (here, began)

    @property
    def chosen_range(self) -> Choice | None:
        """The lines that were chosen on purpose; None for the cursor alone."""
        return self.chosen if self._began is not None else None

    # --- painting ----------------------------------------------------------------------------

    def render_lines(self, crop: Region) -> list[Strip]:
        """Paint what the screen asks for; what is chosen is worked out once."""
        self._shown_choice = self.chosen if self.has_focus else None
        return super().render_lines(crop)

    def _mark_width(self, item: Block, line: Line, width: int) -> int:
        if self._shown_choice is None:
            return super()._mark_width(item, line, width)
        first, last = self._shown_choice
        here = line.anchor
        if here is None or not first.number <= here.number <= last.number:
            return 0
        return width if replace(first, number=here.number) == here else 0

    # --- moving ------------------------------------------------------------------------------

    def action_cursor(self, step: int) -> None:
        """Go to the next line or block, or the one before."""
        self._began = None
        index = self.index_of(self.cursor)
        if index is None:
            self._enter_cursor()
        elif not self._back_in_view(index, step):
            self._step(index, step)

    def action_extend(self, step: int) -> None:
        """Choose one line more, or one less, of the same file on the same side."""
        here = self.line
        if here is None:
            self.action_cursor(step)
            return
        self._began = self._began or here
        before = self.cursor, self._line
        while (index := self.index_of(self.cursor)) is not None and self._step(index, step):
            now = self.line
            if now is not None and replace(here, number=now.number) == now:
                return
            if now is not None and now.path != here.path:
                break
        self.cursor, self._line = before
        self.refresh()

    def _step(self, index: int, step: int) -> bool:
        """Go on by a line, or to another block; returns whether there was one."""
        row = self._row(index)
        rows = self._rows(index)
        at = -1 if row is None else rows.index(row) + step
        if row is not None and 0 <= at < len(rows):
            self._go_to_row(index, rows[at])
            return True
        if row is None and self._scrolled_within(index, step):
            return True
        index += step
        while 0 <= index < len(self.blocks) and not self.blocks[index].stop:
            index += step
        if not 0 <= index < len(self.blocks):
            return False
        rows = self._rows(index)
        self._go_to_row(index, rows[0 if step > 0 else -1] if rows else None)
        return True

    def _go_to_row(self, index: int, row: int | None, margin: int = _MARGIN) -> None:
        """Put the cursor on a row of a block, or on the whole block, and bring it into view."""
        self.cursor = self.blocks[index].key
        if row is None:
            self._line = None
            self.show_block(self.cursor)
        else:
            self._line = self._lines(index)[row].anchor
            self.show_block(self.cursor, row=row, margin=margin)
        self.refresh()

    def _back_in_view(self, index: int, step: int) -> bool:
        """Bring a cursor that was scrolled away to the nearest line in view."""
        row = self._row(index)
        top = self.scroll_offset.y
        end = top + self.scrollable_content_region.height
        if row is None or top <= self._tops[index] + row < end:
            return False
        inside = [
            (place, at)
            for place in range(self._at(top)[0], self._at(end - 1)[0] + 1)
            for at in self._rows(place)
            if top <= self._tops[place] + at < end
        ]
        if inside:
            self._go_to_row(*inside[0 if step > 0 else -1], margin=0)
        return bool(inside)

    def on_click(self, event: events.Click) -> None:
        """Choose the line that was clicked; the base, whose handler comes next, its block."""
        found = self._line_at(self.scroll_offset.y + event.y)
        if found is not None and found[1].anchor is not None:
            self._line, self._began = found[1].anchor, None

    def choose_selected(self) -> None:
        """Choose the lines that are selected with the mouse, on the side of the last one."""
        selection = self.text_selection
        if selection is None or not self.screen.get_selected_text():
            return
        last = self._tops[-1] - 1
        begin = 0 if selection.start is None else selection.start.y
        end = last if selection.end is None else min(selection.end.y, last)
        shown = ((self._at(y)[0], self._line_at(y)) for y in range(begin, end + 1))
        anchors = [(at, found[1].anchor) for at, found in shown if found is not None]
        lines = [(at, anchor) for at, anchor in anchors if anchor is not None]
        if lines:
            index, here = lines[-1]
            self._began = next(a for _, a in lines if replace(a, number=here.number) == here)
            self.put_line(index, here)
            self.screen.clear_selection()

    def bring_cursor(self) -> None:
        """Put a cursor that was scrolled out of view on the first line in view."""
        index = self.index_of(self.cursor)
        if index is not None:
            self._back_in_view(index, 1)

    def put_line(self, index: int, anchor: Anchor | None) -> None:
        """Put the cursor on a line, without bringing it into view.

        Args:
            index: of the block that shows it.
            anchor: the line; None for the block's first.
        """
        self.cursor, self._line = self.blocks[index].key, anchor
        self.refresh()
