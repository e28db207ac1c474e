"""A conversation as blocks of lines, updated item by item.

Keep true: a change of one item makes one new block; the steps of a subagent are shown below the
tool that started it, and only while it is unfolded; text still arriving is cut into paragraphs at
the end, and only the last one is rendered again.
"""

import re
from collections.abc import Iterable, Iterator, Set
from functools import partial
from typing import NamedTuple

from parallel_agents.core.items import Item, NoticeItem, RequestItem, TaskItem, ToolItem, UserItem
from parallel_agents.core.summary import first_line
from parallel_agents.core.transcript import PartialKey, Transcript
from parallel_agents.tui.content.items import Painter
from parallel_agents.tui.text.lines import Block
from parallel_agents.tui.text.spans import EMPTY, Line
from parallel_agents.tui.text.styles import Ink

_COMPACT = {"tool", "request", "task"}
_UNFOLDS = {"tool", "request", "thinking", "user"}
_LIVE = 2_000
"""Only this many characters at the end of an unfinished paragraph are rendered."""

_PIECE = 8
"""Lines of a paragraph still arriving that are rendered together."""
_PLAIN = re.compile(r"(?![-+#=>:]|\d+[.)])\S[^*_`~\[\]<>&|\\!]*")
"""A line that Markdown shows unchanged, whatever surrounds it in its paragraph."""


class _How(NamedTuple):
    """How an item is shown, apart from its content."""

    gap: bool
    depth: int
    unfolded: bool
    steps: tuple[int, str]


class Conversation:
    """The blocks of one transcript.

    Attributes:
        root: the worktree's path, left out of file names.
    """

    def __init__(self) -> None:
        self.root = ""
        self._items: list[Item] = []
        self._tools: dict[str, int] = {}
        self._children: dict[str, list[int]] = {}
        self._top: list[int] = []
        self._known = 0
        self._unfolded: set[str] = set()
        self._shown: dict[int, Block] = {}
        self._order: list[int] = []
        self._blocks: list[Block] = []
        self._live: list[Block] = []

    def load(self, transcript: Transcript, *, older: bool = False) -> None:
        """Load a whole transcript.

        Args:
            transcript: what to show.
            older: whether it is the same conversation with more at its beginning; unfolded items
                then stay unfolded.
        """
        if not older:
            self._unfolded = set()
        self._items = transcript.items
        self._tools, self._children, self._top = {}, {}, []
        self._shown, self._known = {}, 0
        self._learn()
        self._arrange()

    def change(self, indexes: Iterable[int]) -> None:
        """Update the items at these indexes, or add them."""
        new = self._learn()
        touched = {index for index in indexes if index < len(self._items)} - set(new)
        for index in list(touched):
            touched |= set(self._ancestors(index))
        for index in new:
            touched |= set(self._ancestors(index))
        for index in touched & self._shown.keys():
            how: _How = self._shown[index].version[0]
            self._shown[index] = self._block(index, gap=how.gap, depth=how.depth)
        if all(not self._owner(index) for index in new):
            self._append(new, touched)
        else:
            self._arrange()

    def stream(self, texts: dict[PartialKey, str], thoughts: Set[PartialKey]) -> None:
        """Update the text that is still arriving for the main conversation.

        Args:
            texts: the texts, by what they belong to.
            thoughts: which of them are thoughts.
        """
        made: list[Block] = []
        for key, text in texts.items():
            if text and key[0] not in self._tools:
                made.extend(self._arriving(key, text, thinking=key in thoughts))
        known = {block.key: block for block in self._live}
        self._live = [
            old if (old := known.get(block.key)) and old.version == block.version else block
            for block in made
        ]

    def blocks(self) -> list[Block]:
        """Return all blocks, with the text still arriving at the end."""
        return [*self._blocks, *self._live]

    def toggle(self, key: str) -> bool:
        """Unfold or fold an item; return whether that is possible."""
        index = self._index(key)
        if index is None or self._items[index].kind not in _UNFOLDS:
            return False
        self._unfolded ^= {key}
        self._shown.pop(index, None)
        self._arrange()
        return True

    def unfold(self, key: str) -> None:
        """Unfold an item if that is possible."""
        if key not in self._unfolded:
            self.toggle(key)

    def toggle_all(self) -> None:
        """Fold everything if anything is unfolded, otherwise unfold every tool and thought."""
        keys = {key_of(item) for item in self._items if item.kind in {"tool", "thinking"}}
        self._unfolded = set() if self._unfolded else keys
        self._shown = {}
        self._arrange()

    # --- what stands where -------------------------------------------------------------------

    def _learn(self) -> list[int]:
        """Register new items; return their indexes."""
        new = list(range(self._known, len(self._items)))
        self._known = len(self._items)
        for index in new:
            item = self._items[index]
            if isinstance(item, ToolItem):
                self._tools.setdefault(item.id, index)
            if self._owner(index):
                self._children.setdefault(item.parent, []).append(index)
            else:
                self._top.append(index)
        return new

    def _owner(self, index: int) -> str:
        """Find the id of the tool that an item is shown below; empty at top level."""
        parent = self._items[index].parent
        return parent if self._tools.get(parent, index) < index else ""

    def _ancestors(self, index: int) -> Iterator[int]:
        while owner := self._owner(index):
            index = self._tools[owner]
            yield index

    def _index(self, key: str) -> int | None:
        return next((i for i in self._order if key_of(self._items[i]) == key), None)

    def _walk(self) -> Iterator[tuple[int, int]]:
        """Walk through the indexes in the order of the screen, each with its depth."""
        stack = [(index, 0) for index in reversed(self._top)]
        while stack:
            index, depth = stack.pop()
            yield index, depth
            item = self._items[index]
            if isinstance(item, ToolItem) and key_of(item) in self._unfolded:
                below = self._children.get(item.id, ())
                stack.extend((child, min(depth + 1, 4)) for child in reversed(below))

    def _arrange(self) -> None:
        """Compute the whole order again, and keep the blocks that have not changed."""
        self._order, self._blocks = [], []
        for index, depth in self._walk():
            self._put(index, depth)

    def _append(self, new: list[int], touched: set[int]) -> None:
        if touched:
            self._blocks = [self._shown[index] for index in self._order]
        for index in new:
            self._put(index, 0)

    def _put(self, index: int, depth: int) -> None:
        gap = self._gap_before(index)
        shown = self._shown.get(index)
        if shown is None or shown.version[0][:2] != (gap, depth):
            shown = self._shown[index] = self._block(index, gap=gap, depth=depth)
        self._order.append(index)
        self._blocks.append(shown)

    def _gap_before(self, index: int) -> bool:
        """Whether an empty line comes before: not between rows that belong together."""
        if not self._order:
            return False
        before, item = self._items[self._order[-1]], self._items[index]
        return not (item.kind in _COMPACT and before.kind in _COMPACT)

    # --- blocks ------------------------------------------------------------------------------

    def _block(self, index: int, *, gap: bool, depth: int) -> Block:
        item = self._items[index]
        key = key_of(item)
        how = _How(gap, depth, key in self._unfolded, self._steps(item))
        build = partial(self._build, item, how)
        return Block(key, (how, *_version(item)), build, _estimate(item) + gap, _copied(item))

    def _build(self, item: Item, how: "_How", width: int, ink: Ink) -> list[Line]:
        painter = Painter(
            width=width,
            ink=ink,
            root=self.root,
            depth=how.depth,
            unfolded=how.unfolded,
            steps=how.steps,
        )
        lines = painter.paint(item)
        return [painter.gap(), *lines] if how.gap and lines else lines

    def _steps(self, item: Item) -> tuple[int, str]:
        below = self._children.get(item.id, ()) if isinstance(item, ToolItem) else ()
        return (len(below), _said(self._items[below[-1]])) if below else (0, "")

    def _arriving(self, key: PartialKey, text: str, *, thinking: bool) -> Iterator[Block]:
        if thinking:
            yield self._paragraph(key, 0, text[-_LIVE:], thinking=True)
            return
        number = 0
        for paragraph in paragraphs(text):
            for piece, part in enumerate(pieces(paragraph)):
                yield self._paragraph(key, number, part, goes_on=piece > 0)
                number += 1

    def _paragraph(
        self,
        key: PartialKey,
        number: int,
        text: str,
        *,
        thinking: bool = False,
        goes_on: bool = False,
    ) -> Block:
        gap = (bool(self._order) or number > 0) and not goes_on

        def build(width: int, ink: Ink) -> list[Line]:
            painter = Painter(width=width, ink=ink, root=self.root)
            if thinking:
                lines = painter.thinking(text)
            else:
                lines = painter.words(_tail(text), marked=number == 0)
            return [EMPTY, *lines] if gap and lines else lines

        name = f"partial:{key[0]}:{key[1]}:{key[2]}:{number}"
        return Block(name, (gap, text), build, 1 + len(text) // 80, text=text, stop=False)


def key_of(item: Item) -> str:
    """Return the key that identifies an item in its view."""
    return f"{item.kind}:{item.seq}"


def paragraphs(text: str) -> Iterator[str]:
    """Cut Markdown at its empty lines, but not in a code fence or before an indented line.

    Args:
        text: Markdown, perhaps unfinished.

    Yields:
        The parts; joining them with empty lines gives the text again.
    """
    part: list[str] = []
    fence = ""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        mark = line.strip()[:3]
        if mark in {"```", "~~~"} and fence in {"", mark}:
            fence = "" if fence else mark
        after = lines[number + 1] if number + 1 < len(lines) else ""
        if not line.strip() and not fence and part and after[:1].strip():
            yield "\n".join(part)
            part = []
        elif line.strip() or part:
            part.append(line)
    if part:
        yield "\n".join(part)


def pieces(paragraph: str) -> Iterator[str]:
    """Cut a long paragraph of plain lines, so that only its end is rendered again as it grows.

    Args:
        paragraph: one of the `paragraphs`.

    Yields:
        The parts; each starts at a line, and all but the last are free of Markdown.
    """
    lines = paragraph.split("\n")
    plain = next((n for n, line in enumerate(lines) if not _PLAIN.fullmatch(line)), len(lines))
    start = 0
    while start + _PIECE < plain:
        yield "\n".join(lines[start : start + _PIECE])
        start += _PIECE
    yield "\n".join(lines[start:])


def _tail(text: str) -> str:
    """Return the end of an unfinished paragraph that is too long to be rendered at every step."""
    if len(text) <= _LIVE:
        return text
    start = text.find("\n", len(text) - _LIVE)
    return "…\n" + text[start + 1 if start >= 0 else len(text) - _LIVE :]


def _version(item: Item) -> tuple[object, ...]:
    """Return values that change whenever a later record changes how the item looks."""
    match item:
        case ToolItem():
            length = len(item.result or "")
            return (item.failed, item.ended_at, length, item.summary, id(item.input))
        case RequestItem():
            return (item.status, item.summary, id(item.input))
        case UserItem() | TaskItem():
            return (item.status, item.text)
        case NoticeItem():
            return (item.text, item.failed)
        case _:
            return ()


def _said(item: Item) -> str:
    if isinstance(item, ToolItem):
        return item.said
    return first_line(item.text[:1000])


def _estimate(item: Item) -> int:
    if item.kind in _COMPACT or item.kind in {"thinking", "turn"}:
        return 1
    return 1 + len(item.text) // 80 + item.text.count("\n")


def _copied(item: Item) -> str:
    """Return what copying an item gives: a command, an output, or the words."""
    if not isinstance(item, ToolItem):
        return item.text
    command = item.input.get("command")
    return command if isinstance(command, str) else item.result or ""
