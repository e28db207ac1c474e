"""The layout of every long view: blocks of lines, built only where they are visible.

Keep true: a block is built when it comes into view and kept until its version, the width or the
colours change; blocks not yet built count with an estimate; the line at the top of the view stays
there when heights elsewhere become known; a view that is at its end follows the end.
"""

from bisect import bisect_right
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil
from typing import Any

from textual._types import CallbackType
from textual.geometry import Offset, Size
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBar
from textual.selection import Selection

from parallel_agents.tui.text.spans import Line
from parallel_agents.tui.text.styles import Ink, ink_of

_STRIDE = 256
_EIGHTHS = 8

Build = Callable[[int, Ink], list[Line]]


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Lines that are built together; compared by identity.

    Attributes:
        key: identity over time; unique within its view.
        version: what the lines depend on besides width and colours.
        build: makes the lines for a width in cells.
        estimate: roughly how many lines there will be.
        text: what copying the whole block gives; raw, and made safe when it is copied.
        stop: whether the cursor stops here.
    """

    key: Hashable
    version: tuple[Any, ...]
    build: Build
    estimate: int = 1
    text: str = ""
    stop: bool = True


@dataclass(slots=True)
class _Built:
    stamp: tuple[object, int, int]
    lines: list[Line]


class BlockView(ScrollView):
    """Positions blocks; subclasses decide what they look like."""

    DEFAULT_CSS = """
    BlockView {
        overflow-x: hidden; overflow-y: auto; scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
    }
    """
    FOLLOWS = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._blocks: Sequence[Block] = ()
        self._built: dict[Hashable, _Built] = {}
        self._heights: list[int] = []
        self._tops: list[int] = [0]
        self._width = 0
        self._settling = False
        self.following = self.FOLLOWS

    # --- what is shown ---------------------------------------------------------------------

    def set_blocks(self, blocks: Sequence[Block]) -> None:
        """Show these blocks, and keep the position in the view.

        Args:
            blocks: all of them; objects that were also shown before cost nothing.
        """
        anchor = self._surviving(blocks)
        before, self._blocks = self._blocks, blocks
        same = _common(before, blocks)
        fresh = {item.key for item in blocks[same:]}
        for item in before[same:]:
            if item.key not in fresh:
                self._built.pop(item.key, None)
        del self._heights[same:]
        self._heights.extend(self._height(item) for item in blocks[same:])
        self._settle(anchor)
        self.refresh()

    @property
    def blocks(self) -> Sequence[Block]:
        """The blocks shown."""
        return self._blocks

    def visible_blocks(self) -> Sequence[Block]:
        """The blocks that are at least partly visible."""
        if not self._blocks or not self._width:
            return ()
        top = self.scroll_offset.y
        height = self.scrollable_content_region.height
        return self._blocks[self._at(top)[0] : self._at(top + max(height, 1) - 1)[0] + 1]

    def index_of(self, key: Hashable | None) -> int | None:
        """Find the index of the block with this key."""
        if key is None:
            return None
        return next((i for i, item in enumerate(self._blocks) if item.key == key), None)

    def restart(self) -> None:
        """Forget position and cursor: from now on the view shows something else."""
        self._blocks, self._built = (), {}
        self._heights, self._tops = [], [0]
        self.following = self.FOLLOWS
        self.virtual_size = Size(self._width, 0)
        self.scroll_to(y=0, animate=False, immediate=True)
        if self.text_selection is not None:
            self.screen.clear_selection()

    # --- layout ------------------------------------------------------------------------------

    def _anchor(self) -> tuple[Hashable, int, int] | None:
        """The key and index of the block at the top, and the line where the view begins."""
        if self.following or not self._blocks:
            return None
        index, line = self._at(self.scroll_offset.y)
        return self._blocks[index].key, index, line

    def _surviving(self, blocks: Sequence[Block]) -> tuple[Hashable, int, int] | None:
        """Where the view begins among other blocks: at its top one, or the next that is left."""
        anchor = self._anchor()
        if anchor is None:
            return None
        key, index, _ = anchor
        if index < len(blocks) and blocks[index].key == key:
            return anchor
        left = {item.key for item in blocks}
        if key in left:
            return anchor
        after = ((item.key, i) for i, item in enumerate(self._blocks) if i > index)
        found = next(((k, i) for k, i in after if k in left), None)
        return anchor if found is None else (*found, 0)

    def _at(self, y: int) -> tuple[int, int]:
        """Find the block at a line of the whole view: its index, and the line within it."""
        index = bisect_right(self._tops, y) - 1
        index = max(0, min(index, len(self._blocks) - 1))
        return index, y - self._tops[index]

    def _lines(self, index: int) -> list[Line]:
        """Return the lines of a block; build them if they are out of date."""
        item = self._blocks[index]
        styles = ink_of(self.app)
        stamp = (item.version, self._width, id(styles))
        built = self._built.get(item.key)
        if built is None or built.stamp != stamp:
            built = _Built(stamp, item.build(max(self._width, 1), styles))
            self._built[item.key] = built
        self._heights[index] = len(built.lines)
        return built.lines

    def _height(self, item: Block) -> int:
        """How many lines a block takes: as last built, otherwise as estimated."""
        built = self._built.get(item.key)
        if built is not None and built.stamp[1] == self._width:
            return len(built.lines)
        return max(item.estimate, 1)

    def _settle(self, anchor: tuple[Hashable, int, int] | None) -> None:
        """Build what is visible, and put the anchor back at the top."""
        if self._settling or not self._width:
            return
        self._settling = True
        try:
            self._place(anchor)
        finally:
            self._settling = False

    def _place(self, anchor: tuple[Hashable, int, int] | None) -> None:
        height = max(self.scrollable_content_region.height, 1)
        index, line = self._start(anchor, height)
        self._build_from(index, height + max(line, 0))
        self._build_above(index, height)
        self._tops = [0, *accumulate(self._heights)]
        size = Size(self._width, self._tops[-1])
        goal = max(size.height - height, 0) if self.following else self._tops[index] + line
        self._measure(size, goal)
        if self.following:
            self._go(goal)
        elif self._blocks:
            self._go(goal)
            self.following = self.FOLLOWS and self.scroll_offset.y >= self.max_scroll_y

    def _measure(self, size: Size, goal: int) -> None:
        """Set the view's length; lay out the screen only when the scrollbar appears or goes.

        Args:
            size: size of the whole view.
            goal: the line that will be at the top.
        """
        old, room = self.virtual_size, self.scrollable_content_region.height
        if size == old:
            return
        if min(size.height, old.height) > room and size.width == old.width:
            self.set_reactive(BlockView.virtual_size, size)
            self._move_bar(goal)
        else:
            self.virtual_size = size

    def _move_bar(self, y: float) -> None:
        """Tell the scrollbar where the view is, and repaint it only if it looks different.

        Textual's own handling repaints all its rows for every line that an agent writes.
        """
        bar, length = self.vertical_scrollbar, self.virtual_size.height
        rows = self.scrollable_content_region.height
        before = _thumb(rows, bar.window_virtual_size, bar.position)
        if _thumb(rows, length, y) == before and not bar.grabbed:
            bar.set_reactive(ScrollBar.window_virtual_size, length)
            bar.set_reactive(ScrollBar.position, y)
        else:
            bar.window_virtual_size = length
            bar.position = y

    def _start(self, anchor: tuple[Hashable, int, int] | None, height: int) -> tuple[int, int]:
        """Find the block to begin with, and the line within it."""
        count = len(self._blocks)
        if not count or (anchor is None and not self.following):
            return 0, 0
        if anchor is None:
            return self._from_end(height), 0
        key, before, line = anchor
        if before < count and self._blocks[before].key == key:
            return before, line
        found = self.index_of(key)
        return (min(before, count - 1), 0) if found is None else (found, line)

    def _go(self, y: int) -> None:
        moved = y - self.scroll_offset.y
        if moved:
            self._shift_selection(moved)
            self.scroll_to(y=y, animate=False, immediate=True)

    def _shift_selection(self, rows: int) -> None:
        """Keep the selection on its words when lines before the view changed height."""
        selection = self.text_selection
        if selection is None or self.following:
            return
        start, end = (o and Offset(o.x, max(o.y + rows, 0)) for o in selection)
        chosen = Selection(start, end)
        self.screen.selections = {**self.screen.selections, self: chosen}

    def _from_end(self, height: int) -> int:
        index = len(self._blocks)
        while index > 0 and height > 0:
            index -= 1
            height -= len(self._lines(index))
        return index

    def _build_from(self, index: int, height: int) -> None:
        while index < len(self._blocks) and height > 0:
            height -= len(self._lines(index))
            index += 1

    def _build_above(self, index: int, height: int) -> None:
        while index > 0 and height > 0:
            index -= 1
            height -= len(self._lines(index))

    def _scroll_to(
        self,
        x: float | None = None,
        y: float | None = None,
        *,
        on_complete: CallbackType | None = None,
        **_: object,
    ) -> bool:
        """Jump, never animate: the position is set again while heights become known.

        It may be set before the screen has been laid out with a scrollbar, hence `force`.
        """
        return super()._scroll_to(x, y, animate=False, force=True, on_complete=on_complete)

    def on_resize(self) -> None:
        """Wrap again when the width changed."""
        anchor = self._anchor()
        width = self.scrollable_content_region.width
        if width != self._width:
            self._width = width
            self._heights = [self._height(item) for item in self._blocks]
        self._settle(anchor)
        self.refresh()

    def notify_style_update(self) -> None:
        """Build again, since the theme may have changed and colours are part of the lines."""
        super().notify_style_update()
        if self.is_attached and self._width:
            self._settle(self._anchor())

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the end while the user is there; build what comes into view."""
        if self.show_vertical_scrollbar:
            self._move_bar(new_value)
        if round(old_value) != round(new_value):
            self.refresh(self.size.region)
        if self._settling or not self._blocks:
            return
        at_end = self.FOLLOWS and round(new_value) >= self.max_scroll_y
        index, line = self._at(round(new_value))
        if new_value < old_value:
            # Keep the rows below a block in place when building it changes its height.
            known = self._heights[index]
            line += len(self._lines(index)) - known
        self.following = at_end
        self._settle(None if at_end else (self._blocks[index].key, index, max(line, 0)))

    def _line_at(self, y: int) -> tuple[Block, Line] | None:
        if not self._blocks or y >= self._tops[-1]:
            return None
        index, line = self._at(y)
        lines = self._lines(index)
        return (self._blocks[index], lines[line]) if line < len(lines) else None


def _thumb(rows: int, length: int, y: float) -> tuple[int, int]:
    """Compute where a scrollbar's thumb begins and ends, in eighths of a row, as Textual paints it.

    Args:
        rows: height of the bar, and of the view.
        length: lines of the whole view.
        y: the line at the top.
    """
    if not 0 < rows < length:
        return 0, 0
    thumb = max(1.0, rows * rows / length)
    start = int((rows - thumb) * y / (length - rows) * _EIGHTHS)
    return start, start + ceil(thumb * _EIGHTHS)


def _common(before: Sequence[Block], after: Sequence[Block]) -> int:
    """Count the leading blocks that are the same objects; slices are compared, which is fast."""
    count = min(len(before), len(after))
    for start in range(0, count, _STRIDE):
        end = min(start + _STRIDE, count)
        if before[start:end] != after[start:end]:
            return next(i for i in range(start, end) if before[i] is not after[i])
    return count
