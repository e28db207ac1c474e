"""Comments as blocks of lines, between the lines of a diff or above them.

Keep true: a comment's words and the code that it keeps are outside text, shown safely; what a
colour says is said by a word, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.style import Style

from parallel_agents.core.review import Comment, PlacedComment
from parallel_agents.tui.text.lines import Block
from parallel_agents.tui.text.spans import Line, Span, block, flat, line_of, span
from parallel_agents.tui.text.styles import Ink

_BAR = "  ┃ "

_QUOTED = 3
"""Lines of code that a comment shows when they are not in view beside it."""

_KINDS = {"change": "", "question": " question", "suggestion": " suggestion"}


@dataclass(frozen=True, slots=True)
class CommentKey:
    """The key of a comment.

    Attributes:
        path: the file that it is shown with; empty for the whole change.
        id: the comment's id.
    """

    path: str
    id: str


def comment_blocks(
    path: str, comments: Sequence[PlacedComment], *, apart: bool = False
) -> Iterator[Block]:
    """Make a block for each comment.

    Args:
        path: the file that they are shown with.
        comments: those to show, in order.
        apart: whether they stand away from their lines, so that they have to show them.
    """
    for placed in comments:
        yield _block(path, placed, apart=apart)


def _block(path: str, placed: PlacedComment, *, apart: bool) -> Block:
    comment = placed.comment

    def build(width: int, ink: Ink) -> list[Line]:
        bar = ink.need if comment.is_draft else ink.muted
        head = [Span(_BAR, bar), Span(_head(placed), bar), *_place(placed, ink, apart=apart)]
        lines = [line_of(*head, skip=len(_BAR))]
        for words, mark, style in _body(placed, ink, apart=apart):
            first, rest = Span(_BAR + mark, bar), Span(_BAR + " " * len(mark), bar)
            lines += block([span(words, style)], width, first=first, rest=rest)
        return lines

    text = comment.text or (comment.replacement or "")
    return Block(CommentKey(path, comment.id), (placed, apart), build, 2, text=text)


def _body(placed: PlacedComment, ink: Ink, *, apart: bool) -> Iterator[tuple[str, str, Style]]:
    """What a comment says, line by line: the words, a mark before them, and their style."""
    comment = placed.comment
    if comment.resolved:
        return
    if apart or placed.standing == "gone":
        yield from ((line, "│ ", ink.faint) for line in _quoted(placed))
    if comment.replacement is not None:
        yield from ((line, "+ ", ink.good) for line in comment.replacement.split("\n"))
    if comment.text:
        yield from ((line, "", ink.text) for line in comment.text.split("\n"))


def _head(placed: PlacedComment) -> str:
    return _state(placed.comment) + _KINDS[placed.comment.kind]


def _state(comment: Comment) -> str:
    if comment.is_draft:
        return "draft"
    return "✓ resolved" if comment.resolved else "sent"


def _place(placed: PlacedComment, ink: Ink, *, apart: bool) -> list[Span]:
    """Say where a comment belongs, and what became of its lines."""
    comment = placed.comment
    if comment.resolved:
        return [flat(f"  {comment.text}", ink.faint, 60)]
    place = comment.passage.place
    if placed.standing == "gone":
        became = "these lines are gone" if comment.is_draft else "rewritten since"
        return [flat(f" · {became}: {place}", ink.bad if comment.is_draft else ink.good)]
    said = [] if comment.is_draft or not placed.first else ["unchanged"]
    if apart:
        said.append(_apart_place(placed))
    elif placed.standing == "moved":
        said.append(f"written at {place}")
    return [flat(f" · {words}", ink.faint) for words in said]


def _apart_place(placed: PlacedComment) -> str:
    """Where a comment that stands away from its lines belongs."""
    passage = placed.comment.passage
    if not passage.path or placed.path != passage.path:
        return passage.place
    return f"line {placed.first}" if placed.first else "the whole file"


def _quoted(placed: PlacedComment) -> list[str]:
    lines = [*placed.comment.passage.lines]
    return [*lines[:_QUOTED], "…"] if len(lines) > _QUOTED else lines
