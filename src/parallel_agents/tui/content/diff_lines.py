"""A session's changes as blocks of lines: the list of files, then each file's hunks.

Keep true: a file whose patch is not known is shown with its counts; a hunk is a block of its own,
or several when it is long, so that only what is visible is coloured; a block's key names the file
and the hunk's place in its patch, so that a refresh keeps the place; of a large change only a part
of the files is made into blocks at a time, and a patch is made into blocks once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from parallel_agents.core.diff import DiffHunk
from parallel_agents.core.text import safe_line
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import DiffStat as ChangedFiles, FileStat
from parallel_agents.tui.content.diff_head import HeadKey as HeadKey, head_block
from parallel_agents.tui.content.file_order import FileMarks, Totals, totals_of as totals_of
from parallel_agents.tui.text.lines import Block
from parallel_agents.tui.text.patch_lines import hunk_head, hunk_lines, hunks_of, line_counts
from parallel_agents.tui.text.spans import EMPTY, Line, Span, block, fill, flat, line_of, row, span
from parallel_agents.tui.text.styles import Ink

_PIECE = 150
"""Lines of a hunk that are painted together."""

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
) -> Iterator[Block]:
    """Make the blocks of a diff, of a large one those of a part.

    Args:
        stat: the changed files.
        patches: what is known of the files' patches, by path.
        folded: paths of the files whose patch is not shown.
        start: the first file shown.
        totals: of the whole change, when they are known.
        marks: what else is known of the files.

    Yields:
        The head, a row a file, then each file with its hunks.
    """
    whole = totals or totals_of(stat)
    files = stat.files[start : start + PART]
    yield head_block(stat, whole, marks)
    if start:
        yield _more(max(start - PART, 0), start, "before")
    for file in files:
        yield _listed(file, whole.most, marks)
    if start + len(files) < whole.files:
        yield _more(start + len(files), whole.files, "after")
    for file in files:
        patch = patches.get(file.path)
        yield _file(file, marks.said_of(file.path), folded=file.path in folded)
        if file.path not in folded:
            yield from _body(file, patch)


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


def _file(file: FileStat, said: str, *, folded: bool) -> Block:
    def build(width: int, ink: Ink) -> list[Line]:
        left = [Span("▸ " if folded else "▾ ", ink.muted), *_named(file, ink)]
        left.append(Span(f"  {said}" if said else "", ink.muted))
        strip = fill(row(left, _tally(file, ink), width), width, ink.on_panel)
        return [EMPTY, Line(strip, 2, target="fold")]

    return Block(FileKey(file.path), (file, folded, said), build, 2, text=file.path)


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


def _body(file: FileStat, patch: str | None) -> Iterator[Block]:
    if patch is None:
        yield _word(file, file.note or ("binary file" if file.binary else "…"))
        return
    blocks = hunk_blocks(file.path, patch)
    if blocks:
        yield from blocks
    else:
        yield _unparsed(file, patch)


@lru_cache(maxsize=PART)
def hunk_blocks(path: str, patch: str) -> tuple[Block, ...]:
    """The blocks of a patch's hunks, made once; for a large one, first not in the event loop.

    Args:
        path: the file's name.
        patch: its patch, raw.

    Returns:
        The blocks; none when it has no hunks, or makes no sense.
    """
    return tuple(
        block
        for number, hunk in enumerate(hunks_of(patch, path))
        for block in _hunk(path, hunk, number)
    )


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


def _hunk(path: str, hunk: DiffHunk, number: int) -> Iterator[Block]:
    for place in range(0, len(hunk.lines), _PIECE):
        piece = replace(hunk, lines=hunk.lines[place : place + _PIECE])
        yield _piece(HunkKey(path, number, place), piece)


def _piece(key: HunkKey, piece: DiffHunk) -> Block:
    first = key.line == 0

    def build(width: int, ink: Ink) -> list[Line]:
        lines = hunk_lines(piece, key.path, width, ink, both=width >= _BOTH_SIDES)
        return [hunk_head(piece, ink), *lines] if first else lines

    text = "\n".join(line.kind + line.text for line in piece.lines)
    return Block(key, (piece,), build, len(piece.lines) + first, text=text)
