"""Markdown as lines: markdown-it parses it, and this module paints the tokens.

Keep true: the text of every token passes through `span`, including what the parser made of
entities; a link always shows where it leads; raw HTML is shown as plain text.
"""

from functools import cache
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.style import Style

from parallel_agents.core.text import safe
from parallel_agents.tui.text.code import highlight
from parallel_agents.tui.text.spans import PLAIN, Line, Span, block, cells, line_of, span, wrap
from parallel_agents.tui.text.styles import Ink

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_NARROWEST = 6
_LONGEST = 60_000
"""Text with more characters than this is shown unformatted, so that no input is slow."""

_EMPHASIS = {
    "strong_open": Style(bold=True),
    "em_open": Style(italic=True),
    "s_open": Style(strike=True),
}


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def markdown(text: str, width: int, ink: Ink) -> list[Line]:
    """Paint Markdown.

    Args:
        text: the source, raw.
        width: cells of a line.
        ink: the styles.

    Returns:
        The lines; none for empty text.
    """
    if len(text) > _LONGEST:
        return block([span(text, ink.text)], width)
    painter = _Painter(width, ink)
    painter.paint(_parser().parse(safe(text)))
    return painter.lines


class _Painter:
    def __init__(self, width: int, ink: Ink) -> None:
        self.lines: list[Line] = []
        self._width = width
        self._ink = ink
        self._heads: list[tuple[Span, Span]] = []
        self._numbers: list[int | None] = []
        self._fresh = True

    def paint(self, tokens: "list[Token]") -> None:
        position = 0
        while position < len(tokens):
            token = tokens[position]
            if token.type == "table_open":
                end = next(i for i in range(position, len(tokens)) if _closes_table(tokens[i]))
                self._table(tokens[position:end])
                position = end
            elif token.type in {"heading_open", "paragraph_open"}:
                self._words(token, tokens[position + 1])
                position += 1
            else:
                self._container(token)
            position += 1

    def _container(self, token: "Token") -> None:
        match token.type:
            case "bullet_list_open":
                self._list(None)
            case "ordered_list_open":
                self._list(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                self._numbers.pop()
            case "list_item_open":
                self._item()
            case "blockquote_open":
                bar = Span("▎ ", self._ink.faint)
                self._gap()
                self._heads.append((bar, bar))
                self._fresh = True
            case "list_item_close" | "blockquote_close":
                self._close()
            case _:
                self._leaf(token)

    def _leaf(self, token: "Token") -> None:
        match token.type:
            case "fence" | "code_block":
                self._code(token)
            case "hr":
                self._gap()
                self._emit([Span("─" * min(24, self._room()), self._ink.faint)])
            case "html_block":
                self._gap()
                self._emit([span(token.content.rstrip("\n"), self._ink.muted)])
            case _:
                pass

    def _list(self, number: int | None) -> None:
        self._fresh = self._fresh or bool(self._heads)
        self._gap()
        self._numbers.append(number)
        self._fresh = True

    def _item(self) -> None:
        number = self._numbers[-1]
        mark = "• " if number is None else f"{number}. "
        if number is not None:
            self._numbers[-1] = number + 1
        if self._room() - len(mark) < _NARROWEST:
            mark = ""
        self._heads.append((Span(mark, self._ink.muted), Span(" " * len(mark), PLAIN)))

    def _close(self) -> None:
        head, rest = self._heads[-1]
        if head.text != rest.text:
            self._emit([])
        self._heads.pop()
        self._fresh = False

    def _room(self) -> int:
        return max(self._width - sum(cell_len(rest.text) for _, rest in self._heads), 2)

    def _prefix(self, *, first: bool) -> Span:
        """Return what precedes a line: marks of lists that begin on this line, bars of quotes."""
        text = ""
        for position, (head, rest) in enumerate(self._heads):
            text += head.text if first else rest.text
            if first:
                self._heads[position] = (rest, rest)
        return Span(text, self._ink.muted)

    def _emit(self, spans: list[Span]) -> None:
        first = self._prefix(first=True)
        rest = self._prefix(first=False)
        self.lines.extend(block(spans, self._width, first=first, rest=rest))
        self._fresh = False

    def _gap(self) -> None:
        """Add an empty line between two blocks."""
        waiting = any(head.text != rest.text for head, rest in self._heads)
        if not self._fresh and self.lines and not waiting:
            prefix = self._prefix(first=False).text.rstrip()
            self.lines.append(line_of(Span(prefix, self._ink.faint), skip=len(prefix)))
        self._fresh = False

    def _words(self, opening: "Token", inline: "Token") -> None:
        if not opening.hidden:
            self._gap()
        heading = opening.type == "heading_open"
        self._emit(self._inline(inline, self._ink.heading if heading else self._ink.text))

    def _code(self, token: "Token") -> None:
        self._gap()
        language = next(iter(token.info.split()), "")
        mark = Span("▏ ", self._ink.faint)
        self._heads.append((mark, mark))
        for line in highlight(token.content.removesuffix("\n"), language, self._ink):
            self._emit(line)
        self._heads.pop()

    def _inline(self, token: "Token", base: Style) -> list[Span]:
        spans: list[Span] = []
        styles = [base]
        links: list[tuple[str, int]] = []
        for child in token.children or []:
            match child.type:
                case "strong_open" | "em_open" | "s_open":
                    styles.append(styles[-1] + _EMPHASIS[child.type])
                case "link_open":
                    links.append((str(child.attrs.get("href", "")), len(spans)))
                    styles.append(styles[-1] + self._ink.link)
                case "strong_close" | "em_close" | "s_close":
                    styles.pop()
                case "link_close":
                    styles.pop()
                    spans += self._destination(spans, *links.pop())
                case _:
                    spans.append(self._piece(child, styles[-1]))
        return spans

    def _piece(self, child: "Token", style: Style) -> Span:
        match child.type:
            case "softbreak" | "hardbreak":
                return Span("\n", style)
            case "code_inline":
                return span(child.content, self._ink.code)
            case "image":
                return span(f"{child.content} ({child.attrs.get('src', '')})", self._ink.muted)
            case _:
                return span(child.content, style)

    def _destination(self, spans: list[Span], href: str, start: int) -> list[Span]:
        if "".join(part.text for part in spans[start:]) == href:
            return []
        return [span(f" ({href})", self._ink.muted)]

    def _table(self, tokens: "list[Token]") -> None:
        self._gap()
        rows: list[list[list[Span]]] = []
        for token in tokens:
            if token.type == "tr_open":
                rows.append([])
            elif token.type == "inline":
                style = self._ink.text if len(rows) > 1 else self._ink.strong
                rows[-1].append(self._inline(token, style))
        widths = _columns(rows, self._room())
        for number, row in enumerate(rows):
            self._table_row(row, widths)
            if number == 0:
                rule = "──".join("─" * width for width in widths)
                self._emit([Span(rule, self._ink.faint)])

    def _table_row(self, row: list[list[Span]], widths: list[int]) -> None:
        wrapped = [wrap(cell, width) for cell, width in zip(row, widths, strict=False)]
        for number in range(max(map(len, wrapped), default=0)):
            spans: list[Span] = []
            for cell, width in zip(wrapped, widths, strict=False):
                part = cell[number].spans if number < len(cell) else []
                spans += [*part, Span(" " * (width - cells(part) + 2), PLAIN)]
            self._emit(spans)


def _closes_table(token: "Token") -> bool:
    return token.type == "table_close"


def _columns(rows: list[list[list[Span]]], room: int) -> list[int]:
    """Compute the widths of a table's columns: the widest shrink until all fit."""
    count = max(map(len, rows), default=0)
    widths = [3] * count
    for row in rows:
        for number, cell in enumerate(row):
            widths[number] = max(widths[number], min(cells(cell), room))
    spare = room - 2 * (count - 1)
    while sum(widths) > max(spare, count * 3):
        widths[widths.index(max(widths))] -= 1
    return widths
