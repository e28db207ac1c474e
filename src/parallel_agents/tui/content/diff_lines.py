"""A session's changes as blocks of lines: the list of files, then each file's hunks.

Keep true: a file whose patch is not known is shown with its counts; a hunk is a block of its own,
or several when it is long, so that only what is visible is coloured; a block's key names the file
and the hunk's place in its patch, so that a refresh keeps the place; of a large change only a part
of the files is made into blocks at a time, and a patch is made into blocks once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from parallel_agents.core.diff import Anchor, DiffHunk, DiffLine
from parallel_agents.core.review import PlacedComment
from parallel_agents.core.text import safe_line
from parallel_agents.core.worktree import DiffStat as ChangedFiles, FileStat
from parallel_agents.tui.content.comment_lines import comment_blocks
from parallel_agents.tui.content.diff_head import HeadKey as HeadKey, head_block
from parallel_agents.tui.content.file_order import FileMarks, Totals, totals_of as totals_of
from parallel_agents.tui.text.lines import Block
from parallel_agents.tui.text.patch_lines import (
    PIECE,
    hunk_head,
    hunk_lines,
    hunks_of,
    line_counts,
)
from parallel_agents.tui.text.spans import EMPTY, Line, Span, block, fill, flat, line_of, row, span
from parallel_agents.tui.text.styles import Ink

PART = 500
"""Files that are shown at a time."""

UNMARKED = FileMarks()
"""Of files of which nothing else is known."""

_BOTH_SIDES = 72
"""Cells of a line from which on it has both line numbers."""


@dataclass(frozen=True, slots=True)
class MoreKey:
    """The key of a row that shows another part of the files.

    Attributes:
        start: the first file of that part.
    """

    start: int


@dataclass(frozen=True, slots=True)
class RowKey:
    """The key of a file's row in the list."""

    path: str


@dataclass(frozen=True, slots=True)
class FileKey:
    """The key of the head of a file's patch."""

    path: str


@dataclass(frozen=True, slots=True)
class BinaryKey:
    """The key of what stands for a patch that there is none of."""

    path: str


@dataclass(frozen=True, slots=True)
class HunkKey:
    """The key of a piece of a patch.

    Attributes:
        hunk: number of its hunk in the patch, from 0.
        line: its first line in the hunk, from 0.
    """

    path: str
    hunk: int = 0
    line: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """Some lines of a hunk.

    Attributes:
        hunk: the whole of it, which colours depend on.
        start: the first of these lines, from 0.
        end: the line after the last.
    """

    hunk: DiffHunk
    start: int
    end: int

    @property
    def lines(self) -> tuple[DiffLine, ...]:
        """The lines."""
        return self.hunk.lines[self.start : self.end]


Comments = tuple[PlacedComment, ...]

_End = tuple[str, int]
"""A side and the number of a line on it."""

FileBlockKey = RowKey | FileKey | BinaryKey | HunkKey

_STATUS = {
    "A": "added",
    "C": "copied",
    "D": "deleted",
    "M": "changed",
    "R": "renamed",
    "T": "type changed",
    "U": "in conflict",
    "?": "new",
}


def diff_blocks(
    stat: ChangedFiles,
    patches: Mapping[str, str],
    folded: frozenset[str],
    start: int = 0,
    totals: Totals | None = None,
    marks: FileMarks = UNMARKED,
    comments: Mapping[str, Comments] = MappingProxyType({}),
) -> Iterator[Block]:
    """Make the blocks of a diff, of a large one those of a part.

    Args:
        stat: the changed files.
        patches: what is known of the files' patches, by path.
        folded: paths of the files whose patch is not shown.
        start: the first file shown.
        totals: of the whole change, when they are known.
        marks: what else is known of the files.
        comments: by the path of their file; under no path those on the whole change.

    Yields:
        The head, a row a file, then each file with its hunks.
    """
    whole = totals or totals_of(stat)
    files = stat.files[start : start + PART]
    yield head_block(stat, whole, marks)
    yield from comment_blocks("", comments.get("", ()), apart=True)
    if start:
        yield _more(max(start - PART, 0), start, "before")
    for file in files:
        yield _listed(file, whole.most, marks)
    if start + len(files) < whole.files:
        yield _more(start + len(files), whole.files, "after")
    for file in files:
        patch = patches.get(file.path)
        said = comments.get(file.path, ())
        yield _file(file, marks.said_of(file.path), folded=file.path in folded, comments=len(said))
        if file.path not in folded:
            yield from _body(file, patch, said)


def _more(start: int, end: int, where: str) -> Block:
    """A row that shows another part of the files."""
    said = f"  … {end - start:,} more files {where} these: Enter shows {min(end - start, PART):,}"
    if where == "before":
        said = f"  … {end:,} files before these: Enter shows {end - start:,}"

    def build(width: int, ink: Ink) -> list[Line]:
        return [Line(row([flat(said, ink.need)], [], width), target="more")]

    return Block(MoreKey(start), (said,), build)


def _listed(file: FileStat, most: int, marks: FileMarks) -> Block:
    mark = "✓ " if file.path in marks.viewed else "~ " if file.path in marks.changed else "  "

    def build(width: int, ink: Ink) -> list[Line]:
        left = [Span(mark, ink.good if mark == "✓ " else ink.need), *_named(file, ink)]
        right = [*_tally(file, ink), *_bar(file, most, ink)]
        return [Line(row(left, right, width), target="jump")]

    return Block(RowKey(file.path), (file, most, mark), build, text=file.path)


def _file(file: FileStat, said: str, *, folded: bool, comments: int) -> Block:
    noun = "comment" if comments == 1 else "comments"

    def build(width: int, ink: Ink) -> list[Line]:
        left = [Span("▸ " if folded else "▾ ", ink.muted), *_named(file, ink)]
        left.append(Span(f"  {said}" if said else "", ink.muted))
        if comments:
            left.append(Span(f"  {comments} {noun}", ink.need))
        strip = fill(row(left, _tally(file, ink), width), width, ink.on_panel)
        return [EMPTY, Line(strip, 2, target="fold")]

    return Block(FileKey(file.path), (file, folded, said, comments), build, 2, text=file.path)


def _named(file: FileStat, ink: Ink) -> list[Span]:
    letter = {"A": ink.good, "?": ink.good, "D": ink.bad, "U": ink.bad}.get(file.status, ink.muted)
    name = [flat(f"{file.status[:1]} ", letter)]
    if file.old_path:
        name.append(flat(f"{file.old_path} → ", ink.muted))
    folder, slash, base = file.path.rpartition("/")
    return [*name, flat(folder + slash, ink.muted), flat(base, ink.text)]


def _tally(file: FileStat, ink: Ink) -> list[Span]:
    if file.binary:
        return [Span("left out" if file.note else "binary", ink.muted)]
    if not file.insertions and not file.deletions:
        return [Span(_STATUS.get(file.status, "changed"), ink.muted)]
    return line_counts(file.insertions, file.deletions, ink)


def _bar(file: FileStat, most: int, ink: Ink) -> list[Span]:
    """How much of all this is in this file: at most eight marks."""
    size = file.insertions + file.deletions
    marks = -(-size * 8 // most) if most else 0
    good = round(marks * file.insertions / size) if size else 0
    rest = Span(" " * (8 - marks), ink.text)
    return [Span(" " + "+" * good, ink.good), Span("−" * (marks - good), ink.bad), rest]


def _body(file: FileStat, patch: str | None, comments: Comments) -> Iterator[Block]:
    if patch is None:
        yield from comment_blocks(file.path, comments, apart=True)
        yield _word(file, file.note or ("binary file" if file.binary else "…"))
        return
    yield from comment_blocks(file.path, _apart(file.path, patch, comments), apart=True)
    blocks = hunk_blocks(file.path, patch, comments)
    if blocks:
        yield from blocks
    else:
        yield _unparsed(file, patch)


@lru_cache(maxsize=PART)
def hunk_blocks(path: str, patch: str, comments: Comments = ()) -> tuple[Block, ...]:
    """The blocks of a patch's hunks, made once; for a large one, first not in the event loop.

    Args:
        path: the file's name.
        patch: its patch, raw.
        comments: those on the file; each is shown below the last of its lines.

    Returns:
        The blocks; none when it has no hunks, or makes no sense.
    """
    ends: dict[_End, list[PlacedComment]] = {}
    for placed in comments:
        if (end := _end_of(placed)) is not None:
            ends.setdefault(end, []).append(placed)
    return tuple(
        block
        for number, hunk in enumerate(hunks_of(patch, path))
        for block in _hunk(path, hunk, number, ends)
    )


def _end_of(placed: PlacedComment) -> _End | None:
    """The last line of a comment; None for one that is about no line that there is now."""
    return (placed.comment.passage.side, placed.last) if placed.last else None


def _ends(line: DiffLine) -> tuple[_End, ...]:
    """What comments on a line may end with; those on both sides of an unchanged line meet there."""
    return tuple(
        (side, number) for side, number in (("old", line.old), ("new", line.new)) if number
    )


def _apart(path: str, patch: str, comments: Comments) -> Comments:
    """The comments of a file whose lines are in none of its hunks."""
    if not comments:
        return ()
    shown = {end for hunk in hunks_of(patch, path) for line in hunk.lines for end in _ends(line)}
    return tuple(placed for placed in comments if _end_of(placed) not in shown)


def _word(file: FileStat, word: str) -> Block:
    def build(width: int, ink: Ink) -> list[Line]:
        return [line_of(Span(f"  {safe_line(word)}", ink.muted))]

    size = 1 if file.binary else 1 + file.insertions + file.deletions
    key = BinaryKey(file.path) if file.binary else HunkKey(file.path)
    return Block(key, (word,), build, size, stop=False)


def _unparsed(file: FileStat, patch: str) -> Block:
    """A patch without hunks: what git says of it, such as a new mode."""
    said = [line for line in patch.split("\n")[:40] if line[:5] not in {"diff ", "index"}]
    text = "\n".join(said).strip("\n")

    def build(width: int, ink: Ink) -> list[Line]:
        return block([span(text, ink.muted)], width, first=Span("  ", ink.muted))

    return Block(HunkKey(file.path), (text,), build, len(said), text=text)


def _hunk(
    path: str, hunk: DiffHunk, number: int, comments: Mapping[_End, Sequence[PlacedComment]]
) -> Iterator[Block]:
    """Cut a hunk into pieces: below each line that comments end with, and where it is long."""
    start = 0
    for index, line in enumerate(hunk.lines):
        said = [placed for end in _ends(line) for placed in comments.get(end, ())]
        if said or index + 1 - start == PIECE:
            yield _piece(HunkKey(path, number, start), hunk, index + 1)
            yield from comment_blocks(path, said)
            start = index + 1
    if start < len(hunk.lines):
        yield _piece(HunkKey(path, number, start), hunk, len(hunk.lines))


def _piece(key: HunkKey, hunk: DiffHunk, end: int) -> Block:
    piece = Piece(hunk, key.line, end)
    first = key.line == 0

    def build(width: int, ink: Ink) -> list[Line]:
        both = width >= _BOTH_SIDES
        lines = hunk_lines(hunk, key.path, width, ink, both=both, part=(key.line, end))
        return [hunk_head(hunk, ink), *lines] if first else lines

    text = "\n".join(line.kind + line.text for line in piece.lines)
    return Block(key, (piece,), build, end - key.line + first, text=text)


def line_again(before: Sequence[Block], now: Sequence[Block], anchor: Anchor) -> Anchor | None:
    """Find a line of a file again in a newer state of its diff.

    Args:
        before: the blocks that showed it.
        now: the blocks that are shown now.
        anchor: the line as it was.

    Returns:
        The nearest line with the same text on the same side; None if there is none.
    """
    old = next((line for line in lines_of(before, anchor.path) if line.anchor == anchor), None)
    if old is None:
        return None
    same = (
        line.anchor
        for line in lines_of(now, anchor.path)
        if (line.kind, line.text) == (old.kind, old.text) and line.anchor is not None
    )
    return min(same, key=lambda found: abs(found.number - anchor.number), default=None)


def lines_of(blocks: Sequence[Block], path: str) -> Iterator[DiffLine]:
    """The lines of a file that blocks show."""
    for shown in blocks:
        if isinstance(shown.key, HunkKey) and shown.key.path == path:
            for piece in shown.version:
                yield from piece.lines if isinstance(piece, Piece) else ()


def holds(shown: Block, anchor: Anchor) -> bool:
    """Whether a block shows a line of a file."""
    return any(line.anchor == anchor for line in lines_of((shown,), anchor.path))
