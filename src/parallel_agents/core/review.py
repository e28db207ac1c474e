"""Comments on a session's changes: what they are about, where that is now, and how they are sent.

Keep true: a comment holds the text that it is about, so that it means something even when that text
is gone; a place is only ever found again by the same text, never guessed by its number; text that
goes to an agent is fenced, so that code cannot pretend to be the person's words.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Literal

from parallel_agents.core.text import as_text
from parallel_agents.core.value import Value

CommentKind = Literal["change", "question", "suggestion"]
"""Something to be changed; a question, to be answered and not acted on; text to put there."""

Side = Literal["old", "new"]

Standing = Literal["here", "moved", "gone", "unknown"]
"""Where the text of a comment is now: in the same lines, in others, nowhere in the file; or there
is no worktree to look at."""

LINES = 200
"""The most lines that a comment is about."""

CHARACTERS = 20_000
"""The most characters of a comment, and of the lines that it is about."""

COMMENTS = 300
"""The most comments that a session has."""

CONTEXT = 3
"""Lines around the commented ones that are kept to tell equal texts apart."""


class Passage(Value):
    """Lines of a file, a whole file, or the whole change.

    Attributes:
        path: the file's name from the top of the worktree; empty for the whole change.
        side: whether the lines are those before the change or after it.
        first: the first line, from 1; 0 for the whole file.
        last: the last line.
        lines: those lines, raw, without line feeds.
        before: up to `CONTEXT` lines above them.
        after: up to `CONTEXT` lines below them.
        blob: hash of the content that they were read from; empty if it has none.
    """

    path: str = ""
    side: Side = "new"
    first: int = 0
    last: int = 0
    lines: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    blob: str = ""

    @property
    def place(self) -> str:
        """Where it is, as people write it."""
        if not self.path:
            return "the whole change"
        if not self.first:
            return self.path
        lines = f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"
        return f"{self.path}:{lines}" + (" (before the change)" if self.side == "old" else "")


class Comment(Value):
    """What a person says about a passage.

    Attributes:
        id: short, unique in its session.
        passage: what it is about, as it was when the comment was written.
        kind: what the agent is to do with it.
        text: the person's words; may be empty for a suggestion.
        replacement: the text to put in place of the lines; None unless it is a suggestion.
        written_at: milliseconds since 1970.
        sent_at: when it was sent to the agent, likewise; 0 for a draft.
        message: uuid of the message that it was sent with; empty for a draft.
        resolved: whether the person is done with it.
    """

    id: str
    passage: Passage
    kind: CommentKind = "change"
    text: str = ""
    replacement: str | None = None
    written_at: int = 0
    sent_at: int = 0
    message: str = ""
    resolved: bool = False

    @property
    def is_draft(self) -> bool:
        """Whether the agent has not been told."""
        return not self.message


class PlacedComment(Value):
    """A comment, and where its passage is now.

    Attributes:
        comment: as it was written.
        standing: how its lines were found.
        first: the first of them now, from 1; 0 when they are gone or it is about no lines.
        last: the last of them now.
        path: the file's name now; as written when it is gone.
    """

    comment: Comment
    standing: Standing = "here"
    first: int = 0
    last: int = 0
    path: str = ""


def lines_of(content: bytes) -> tuple[str, ...]:
    """Cut content into lines as git counts them; bytes that are not UTF-8 become surrogates."""
    text = content.decode("utf-8", "surrogateescape")
    return tuple(text.removesuffix("\n").split("\n")) if text else ()


def found_again(passage: Passage, lines: Sequence[str]) -> int:
    """Find the lines of a passage in the present lines of its file.

    Of several equal places the one with most of the same surroundings counts, then the nearest.

    Args:
        passage: as it was.
        lines: the file as it is.

    Returns:
        The first line, from 1; 0 if they are nowhere.
    """
    size = len(passage.lines)
    if not size or all(not line.strip() for line in passage.lines):
        return passage.first if _same_at(passage, lines, passage.first) else 0
    starts = [at for at in _starts(passage.lines, lines) if at >= 1]
    if not starts:
        return 0
    return max(starts, key=lambda at: (_alike(passage, lines, at), -abs(at - passage.first)))


def _starts(wanted: tuple[str, ...], lines: Sequence[str]) -> Iterable[int]:
    head, size = wanted[0], len(wanted)
    for index, line in enumerate(lines):
        if line == head and tuple(lines[index : index + size]) == wanted:
            yield index + 1


def _same_at(passage: Passage, lines: Sequence[str], first: int) -> bool:
    """Whether empty lines, which are found anywhere, stand at a line with the same surroundings."""
    inside = tuple(lines[first - 1 : first - 1 + len(passage.lines)]) == passage.lines
    around = len(passage.before) + len(passage.after)
    return first > 0 and inside and _alike(passage, lines, first) == around


def _alike(passage: Passage, lines: Sequence[str], first: int) -> int:
    """Count the lines, from the passage outwards, that are the same as around it."""
    start, end = first - 1, first - 1 + len(passage.lines)
    above = tuple(lines[max(start - CONTEXT, 0) : start])
    below = tuple(lines[end : end + CONTEXT])
    return _agreeing(reversed(passage.before), reversed(above)) + _agreeing(passage.after, below)


def _agreeing(some: Iterable[str], others: Iterable[str]) -> int:
    """Count the equal lines up to the first that differs."""
    pairs = zip(some, others, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


# --- what the agent is told ----------------------------------------------------------------

_INTRODUCTION = {
    True: "I have read your changes and have a comment.",
    False: "I have read your changes and have {count} comments.",
}
_DOING = {
    "change": "Please change this:",
    "question": "Question (answer it; do not change anything for it):",
    "suggestion": "Please put this text in place of those lines:",
}


def comments_message(comments: Sequence[Comment], note: str = "") -> str:
    """Write comments as one message.

    Args:
        comments: at least one.
        note: what the person says about all of them; may be empty.

    Returns:
        The text for the agent: each comment with its file, lines and code.
    """
    count = len(comments)
    head = _INTRODUCTION[count == 1].format(count=count)
    parts = [head, *([note.strip()] if note.strip() else [])]
    parts += [_written(comment, number) for number, comment in enumerate(comments, 1)]
    return as_text("\n\n".join(parts))


def _written(comment: Comment, number: int) -> str:
    passage = comment.passage
    lines = [f"{number}. {_said_place(passage)}"]
    if passage.lines:
        lines.append(_fenced(passage.lines))
    lines.append(_DOING[comment.kind])
    if comment.replacement is not None:
        lines.append(_fenced(comment.replacement.split("\n")))
    if comment.text.strip():
        lines.append(comment.text.strip())
    return "\n".join(lines)


def _said_place(passage: Passage) -> str:
    if not passage.path:
        return "About the whole change"
    # A file may have any name: what could end the line is written as Python writes it.
    path = passage.path if passage.path.isprintable() else ascii(passage.path)
    if not passage.first:
        return f"File {path}"
    one = passage.first == passage.last
    lines = f"line {passage.first}" if one else f"lines {passage.first}-{passage.last}"
    before = " as it was before your changes" if passage.side == "old" else ""
    return f"File {path}, {lines}{before}"


def _fenced(lines: Sequence[str]) -> str:
    """Put code between fences that are longer than any in it."""
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join((fence, *lines, fence))
