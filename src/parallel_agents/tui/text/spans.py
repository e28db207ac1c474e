"""Styled text as plain data, and its wrapping into lines of a given width.

Keep true: all outside text passes `core.text.safe` in `span` or `flat`, the only ways to turn such
text into a span, so no view can paint a control character; nothing here parses markup.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from parallel_agents.core.diff import Anchor
from parallel_agents.core.text import safe, safe_line

TAB = 4
PLAIN = Style.null()
_WORD = re.compile(r" +|[^ ]+")


class Span(NamedTuple):
    """A piece of safe text in one style."""

    text: str
    style: Style


class Line(NamedTuple):
    """One painted line.

    Attributes:
        strip: its segments.
        skip: how many characters at its start are decoration, which copying leaves out.
        joint: what separates it from the previous line when both are copied.
        target: what a click on it means to its view; empty for nothing.
        anchor: the line of a file that it shows, or begins or continues; None for any other.
    """

    strip: Strip
    skip: int = 0
    joint: str = "\n"
    target: str = ""
    anchor: Anchor | None = None


EMPTY = Line(Strip([]))


def span(text: str, style: Style) -> Span:
    """Make a span, perhaps of several lines, from any text."""
    return Span(safe(text).expandtabs(TAB), style)


def flat(text: str, style: Style, width: int = 0) -> Span:
    """Make a span of one line from any text.

    Args:
        text: anything.
        style: how to paint it.
        width: maximum width in cells, with an ellipsis if text is cut; 0 for no limit.
    """
    line = safe_line(text)
    return Span(clip(line, width) if width else line, style)


def clip(text: str, width: int) -> str:
    """Cut one line of safe text to a width in cells, with an ellipsis if something is cut."""
    if width <= 0:
        return ""
    if len(text) <= width and cell_len(text) <= width:
        return text
    return set_cell_size(text[: width + 1], width - 1).rstrip() + "…"


def clip_path(text: str, width: int) -> str:
    """Cut `Tool: path` to a width in cells within the path, so that its file name stays.

    Any other text is only cut at its end: a command without its middle would be another command.
    """
    head, colon, path = text.partition(": ")
    name = path.rpartition("/")[2]
    room = width - cell_len(f"{head}{colon}…/{name}")
    if cell_len(text) <= width or " " in path or "/" not in path or room < 0:
        return clip(text, width)
    return f"{head}{colon}{set_cell_size(path[: room + 1], room).rstrip()}…/{name}"


def cells(spans: Iterable[Span]) -> int:
    """Count the cells that these spans take on one line."""
    return sum(cell_len(part.text) for part in spans)


def strip_of(spans: Iterable[Span]) -> Strip:
    """Paint spans as one strip; neighbours of the same style become one segment."""
    parts: list[Segment] = []
    for text, style in spans:
        if parts and parts[-1].style is style:
            parts[-1] = Segment(parts[-1].text + text, style)
        elif text:
            parts.append(Segment(text, style))
    return Strip(parts)


def line_of(*spans: Span, skip: int = 0, target: str = "") -> Line:
    """Make one line from these spans."""
    return Line(strip_of(spans), skip, target=target)


def fill(strip: Strip, width: int, under: Style) -> Strip:
    """Extend a strip to a width in cells, and put a background under it."""
    return strip.extend_cell_length(width).apply_style(under)


def over(strip: Strip, style: Style) -> Strip:
    """Paint a style over the styles that a strip has."""
    return Strip(Segment.apply_style(strip, post_style=style), strip.cell_length)


def row(left: list[Span], right: list[Span], width: int) -> Strip:
    """Make a line with something at each end; the left part is cut if both do not fit.

    Args:
        left: spans at the left.
        right: spans at the right; dropped if they do not even fit alone.
        width: cells of the whole line.
    """
    right_cells = cells(right)
    if right_cells + 4 >= width:
        right, right_cells = [], 0
    left = clip_spans(left, width - right_cells - (2 if right else 0))
    gap = Span(" " * (width - cells(left) - right_cells), PLAIN)
    return strip_of([*left, gap, *right])


def clip_spans(spans: list[Span], width: int) -> list[Span]:
    """Cut spans to a width in cells, with an ellipsis if something is cut."""
    if cells(spans) <= width:
        return spans
    kept: list[Span] = []
    for part in spans:
        size = cell_len(part.text)
        if size >= width:
            return [*kept, Span(clip(part.text + " …", width), part.style)]
        kept.append(part)
        width -= size
    return kept


class Row(NamedTuple):
    """One line made by wrapping; `joint` is the text that stood before it."""

    joint: str
    spans: list[Span]


def wrap(spans: Iterable[Span], width: int) -> list[Row]:
    """Break spans into lines between words; a word longer than a line is broken anywhere.

    Args:
        spans: text, in which a newline starts a new line.
        width: cells of a line, at least 2.

    Returns:
        The lines, without trailing spaces; at least one. Joining them with their joints gives the
        text again.
    """
    lines: list[list[Span]] = [[]]
    for text, style in spans:
        first, *rest = text.split("\n")
        lines[-1].append(Span(first, style))
        lines.extend([Span(part, style)] for part in rest)
    return [row for line in lines for row in _wrap_line(line, max(width, 2))]


def _wrap_line(spans: list[Span], width: int) -> list[Row]:
    if cells(spans) <= width:
        return [Row("\n", [part for part in spans if part.text])]
    rows = [Row("\n", [])]
    used = 0
    for text, style in _pieces(spans, width):
        size = cell_len(text)
        if used + size > width:
            space = text if text.isspace() else ""
            spaces, trimmed = _trimmed(rows[-1].spans)
            rows[-1] = Row(rows[-1].joint, trimmed)
            rows.append(Row(spaces + space, []))
            used = 0
            if space:
                continue
        rows[-1].spans.append(Span(text, style))
        used += size
    return rows


def _trimmed(spans: list[Span]) -> tuple[str, list[Span]]:
    """Remove the spaces at the end of a line; return them and the rest."""
    left = list(spans)
    spaces = ""
    while left and left[-1].text.isspace():
        spaces = left.pop().text + spaces
    return spaces, left


def _pieces(spans: list[Span], width: int) -> Iterator[Span]:
    """Split spans into words, the spaces between, and parts of words too long for a line."""
    for text, style in spans:
        for word in _WORD.findall(text):
            if cell_len(word) <= width:
                yield Span(word, style)
            else:
                yield from (Span(piece, style) for piece in chop_cells(word, width))


def block(
    spans: Iterable[Span],
    width: int,
    *,
    first: Span | None = None,
    rest: Span | None = None,
    target: str = "",
) -> list[Line]:
    """Wrap spans behind a prefix.

    Args:
        spans: the text.
        width: cells of a line, prefix included.
        first: the prefix of the first line.
        rest: the prefix of the other lines; if not given, spaces as wide as `first`.
        target: the target of all lines.
    """
    head = first or Span("", PLAIN)
    tail = rest or Span(" " * cell_len(head.text), head.style)
    made: list[Line] = []
    for joint, line in wrap(spans, width - cell_len(head.text)):
        prefix = tail if made else head
        made.append(Line(strip_of([prefix, *line]), len(prefix.text), joint, target))
    return made
