"""The request card, right above the input.

Keep true: the model learns what has been painted, since a key decides only that; the whole input
can be read here before it is allowed, lines that have not been on the screen are counted, and
misleading text is marked loudly; nothing is parsed as markup.
"""

import json
from collections.abc import Hashable, Iterator, Sequence
from typing import Any

from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from parallel_agents.core.asking import Question
from parallel_agents.core.doubt import pieces
from parallel_agents.core.options import JsonObject
from parallel_agents.core.state import Request
from parallel_agents.tui.model.request_card import Card, Identity
from parallel_agents.tui.text.lines import Block, LineView
from parallel_agents.tui.text.markdown import markdown
from parallel_agents.tui.text.spans import TAB, Line, Span, block, flat
from parallel_agents.tui.text.styles import Ink
from parallel_agents.tui.widgets.keyed import Keyed

_PART = 4_000
"""Characters of a request that are laid out together."""


class CardView(LineView, Keyed):
    """The request's text; tells the model what is on the screen.

    Args:
        model: the card to show.
    """

    PLACES = ("lines",)

    class Read(Message):
        """The number of lines that have not been on the screen has changed."""

    def __init__(self, model: Card, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.model = model
        self._shows: Identity | None = None
        self._version: tuple[Any, ...] = ()
        self._made: list[Block] = []
        self._seen: dict[Hashable, set[int]] = {}
        self._read: set[Hashable] = set()

    def update(self, name: str) -> None:
        """Show the model's request.

        Args:
            name: the session's display name, raw.
        """
        request = self.model.request
        if self.model.identity != self._shows:
            self.restart()
            self._seen, self._read = {}, set()
        self._shows = self.model.identity
        version = _version(self.model, name)
        if version != self._version:
            self._version = version
            self._made = _blocks(self.model, request, name) if request else []
        self.set_blocks(self._made)

    def on_resize(self) -> None:
        """Wrap again; a request that was not read to its end must then be read again completely."""
        super().on_resize()
        self._seen = {}

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines, even before they are laid out for the first time."""
        height = super().get_content_height(container, viewport, width)
        return height if self._width else max(height, sum(map(self._height, self._blocks)))

    def _measure(self, size: Size, goal: int) -> None:
        """Set the length; the widget is equally high, so the screen is laid out each time."""
        self.virtual_size = size

    def action_cursor(self, step: int) -> None:
        """Scroll: nothing here can be chosen."""
        self.scroll_to(y=self.scroll_offset.y + step, animate=False, immediate=True)

    def turn_page(self, step: int) -> None:
        """Scroll by what is on the screen, with one line kept in sight."""
        page = max(self.scrollable_content_region.height - 1, 1)
        self.scroll_to(y=self.scroll_offset.y + step * page, animate=False, immediate=True)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Paint what the screen asks for, and count the lines that have not been on it."""
        painted = super().render_lines(crop)
        unseen = self._unseen()
        if unseen != self.model.unseen:
            self.model.unseen = unseen
            self.post_message(self.Read())
        return painted

    def render_line(self, y: int) -> Strip:
        """Paint a line, and note that this request can now be read."""
        self.model.painted(self._shows)
        place = self.scroll_offset.y + y
        if place < self._tops[-1] and self._blocks:
            index, line = self._at(place)
            self._seen.setdefault(self._blocks[index].key, set()).add(line)
        return super().render_line(y)

    def _unseen(self) -> int:
        """Count the lines that have not been on the screen; estimate those never built."""
        left = 0
        for block_, height in zip(self._blocks, self._heights, strict=True):
            if block_.key in self._read:
                continue
            missing = height - len(self._seen.get(block_.key, ()))
            if missing > 0 or block_.key not in self._built:
                left += max(missing, 1)
            else:
                self._read.add(block_.key)
        return left


def _version(model: Card, name: str) -> tuple[Any, ...]:
    """Return what the request's text depends on."""
    at = model.picking
    asked_at = model.request.seq if model.request is not None else 0
    return (model.identity, asked_at, at.at, str(at.chosen), model.position, name)


def _blocks(model: Card, request: Request, name: str) -> list[Block]:
    version = _version(model, name)

    def head(width: int, ink: Ink) -> list[Line]:
        return block(_title(model, request, name, ink), width)

    made = [Block("head", version, head, stop=False)]
    for words, kind in _body(model, request):
        for part in [words] if kind == "markdown" else _cut(words):
            made.append(_text_block(f"body{len(made)}", version, part, kind))
    return made


def _text_block(key: str, version: tuple[Any, ...], words: str, kind: str) -> Block:
    def lines(width: int, ink: Ink) -> list[Line]:
        if kind == "markdown":
            return markdown(words, width, ink)
        style = {"strong": ink.strong, "muted": ink.muted, "add": ink.good, "del": ink.bad}
        usual = style.get(kind, ink.text)
        spans = [
            Span(text.expandtabs(TAB), usual if doubt is None else ink.alarm)
            for text, doubt in pieces(words)
        ]
        return block(spans, width, first=Span("  ", ink.text))

    return Block(key, version, lines, 1 + words.count("\n") + len(words) // 80, words, stop=False)


def _cut(words: str) -> Iterator[str]:
    """Cut the text into parts that are laid out only when they are looked at."""
    start = 0
    while len(words) - start > _PART:
        end = words.rfind("\n", start, start + _PART)
        end = start + _PART if end <= start else end
        yield words[start:end]
        start = end + (words[end] == "\n")
    yield words[start:]


def _title(model: Card, request: Request, name: str, ink: Ink) -> list[Span]:
    number, total = model.position
    more = [Span(f"  {number}/{total}", ink.muted)] if total > 1 else []
    who = flat(name, ink.strong)
    sub = [Span(" (a subagent)", ink.muted)] if request.subagent else []
    match request.kind:
        case "question":
            says = [Span(" asks", ink.need)]
        case "plan":
            says = [Span(" has a plan", ink.need)]
        case "permission":
            says = [Span(" wants to use ", ink.need), flat(request.tool_name, ink.strong)]
    return [Span("? ", ink.need), who, *sub, *says, *more]


def _body(model: Card, request: Request) -> list[tuple[str, str]]:
    match request.kind:
        case "question":
            return _questions(model, request)
        case "plan":
            if request.plan or request.summary:
                return [(request.plan or "(the plan is empty)", "markdown")]
            return _permission(request)
        case "permission":
            return _permission(request)


def _permission(request: Request) -> list[tuple[str, str]]:
    lines = list(_input(request.tool_name, request.input))
    shown = "\n".join(words for words, _ in lines)
    notes = [note for note in (request.description, request.reason) if note and note not in shown]
    lines.extend((note, "muted") for note in notes)
    return lines


def _input(tool: str, given: JsonObject) -> Sequence[tuple[str, str]]:
    """List every field of the input, the most important first, so that nothing is hidden."""
    lines: list[tuple[str, str]] = []
    rest = dict(given)
    if isinstance(given.get("command"), str):
        lines.append(("$ " + rest.pop("command"), "strong"))
    if isinstance(given.get("file_path"), str):
        lines.append((rest.pop("file_path"), "strong"))
    for key, sign, kind in (
        ("old_string", "− ", "del"),
        ("new_string", "+ ", "add"),
        ("content", "+ ", "add"),
    ):
        if isinstance(rest.get(key), str):
            text = rest.pop(key)
            lines.append(("\n".join(sign + part for part in text.split("\n")), kind))
    for key, value in rest.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
        lines.append((f"{key}: {text}", "muted"))
    return lines or [("(no input)", "muted")]


def _questions(model: Card, request: Request) -> list[tuple[str, str]]:
    questions = request.questions
    lines: list[tuple[str, str]] = []
    for number, question in enumerate(questions):
        text = question.text
        here = number == model.picking.at
        chosen = model.picking.chosen.get(text, [])
        head = f"{'▸ ' if here else '  '}{text}" if len(questions) > 1 else text
        lines.append((head, "strong" if here else "muted"))
        if here:
            lines += _options(question, chosen)
        elif chosen:
            lines.append(("    " + ", ".join(chosen), "muted"))
    unknown = ("The question cannot be shown: its form is unknown.", "muted")
    return lines or [unknown, *_permission(request)]


def _options(question: Question, chosen: list[str]) -> list[tuple[str, str]]:
    many = question.multiple
    lines = []
    for number, choice in enumerate(question.choices, 1):
        label, told = choice.label, choice.description
        box = ("[x] " if label in chosen else "[ ] ") if many else ("● " if label in chosen else "")
        lines.append((f"{number}  {box}{label}" + (f"  {told}" if told else ""), "text"))
    own = [label for label in chosen if label not in question.labels]
    return [*lines, *((f"   ● {label}", "text") for label in own)]
