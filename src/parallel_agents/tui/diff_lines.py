"""A session's changes as blocks of lines: the list of files, then each file's hunks.

Keep true: a file whose patch is not known is shown with its counts; a hunk is a block of its own,
or several when it is long, so that only what is visible is coloured; keys of blocks hold the
file's name and the hunk's number, so that a refresh keeps the place.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from parallel_agents.core.diff import DiffHunk
from parallel_agents.core.options import JsonObject
from parallel_agents.tui.ink import Ink
from parallel_agents.tui.lines import Block
from parallel_agents.tui.patch import hunk_head, hunk_lines, hunks_of
from parallel_agents.tui.spans import EMPTY, Line, Span, block, fill, flat, line_of, row, span

_PIECE = 150
"""Lines of a hunk that are painted together."""

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


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file of a `DiffStat` reply."""

    path: str
    old_path: str | None
    status: str
    insertions: int
    deletions: int
    binary: bool


def files_of(stat: JsonObject) -> list[ChangedFile]:
    """The files of a `DiffStat` reply."""
    return [
        ChangedFile(
            str(file["path"]),
            file.get("oldPath"),
            str(file["status"]),
            int(file["insertions"]),
            int(file["deletions"]),
            bool(file["binary"]),
        )
        for file in stat.get("files", ())
    ]


def diff_blocks(
    stat: JsonObject, patches: Mapping[str, str], folded: frozenset[str]
) -> Iterator[Block]:
    """Make the blocks of a whole diff.

    Args:
        stat: a `DiffStat` reply.
        patches: what is known of the files' patches, by path.
        folded: paths of the files whose patch is not shown.

    Yields:
        The head, a row a file, then each file with its hunks.
    """
    files = files_of(stat)
    yield _head(stat, files)
    for file in files:
        yield _listed(file, files)
    for file in files:
        patch = patches.get(file.path)
        yield _file(file, folded=file.path in folded)
        if file.path not in folded:
            yield from _body(file, patch)


def path_in(key: str) -> str:
    """The path that a block's key names, or nothing."""
    kind, _, rest = key.partition(":")
    return rest.partition(":")[2] if kind == "hunk" else rest


def _head(stat: JsonObject, files: list[ChangedFile]) -> Block:
    against, commit = str(stat.get("against", "")), str(stat.get("commit", ""))
    added = sum(file.insertions for file in files)
    removed = sum(file.deletions for file in files)

    def build(width: int, ink: Ink) -> list[Line]:
        where = [flat(against, ink.text), flat(f" {commit[:10]}", ink.faint)]
        if not files:
            said = [Span("No changes yet against ", ink.muted), *where]
            return block(said, width)
        noun = "file" if len(files) == 1 else "files"
        left = [Span(f"{len(files)} {noun} against ", ink.muted), *where]
        return [Line(row(left, _counts(added, removed, ink), width))]

    return Block("head", (against, commit, len(files), added, removed), build, stop=False)


def _listed(file: ChangedFile, files: list[ChangedFile]) -> Block:
    most = max((f.insertions + f.deletions for f in files), default=0)

    def build(width: int, ink: Ink) -> list[Line]:
        left = [Span("  ", ink.text), *_named(file, ink)]
        right = [*_tally(file, ink), *_bar(file, most, ink)]
        return [Line(row(left, right, width), target="jump")]

    return Block(f"list:{file.path}", (file, most), build, text=file.path)


def _file(file: ChangedFile, *, folded: bool) -> Block:
    def build(width: int, ink: Ink) -> list[Line]:
        left = [Span("▸ " if folded else "▾ ", ink.muted), *_named(file, ink)]
        strip = fill(row(left, _tally(file, ink), width), width, ink.on_panel)
        return [EMPTY, Line(strip, 2, target="fold")]

    return Block(f"file:{file.path}", (file, folded), build, 2, text=file.path)


def _named(file: ChangedFile, ink: Ink) -> list[Span]:
    letter = {"A": ink.good, "?": ink.good, "D": ink.bad, "U": ink.bad}.get(file.status, ink.muted)
    name = [flat(f"{file.status[:1]} ", letter)]
    if file.old_path:
        name.append(flat(f"{file.old_path} → ", ink.muted))
    folder, slash, base = file.path.rpartition("/")
    return [*name, flat(folder + slash, ink.muted), flat(base, ink.text)]


def _tally(file: ChangedFile, ink: Ink) -> list[Span]:
    if file.binary:
        return [Span("binary", ink.muted)]
    if not file.insertions and not file.deletions:
        return [Span(_STATUS.get(file.status, "changed"), ink.muted)]
    return _counts(file.insertions, file.deletions, ink)


def _counts(added: int, removed: int, ink: Ink) -> list[Span]:
    return [Span(f"+{added:,} ", ink.good), Span(f"−{removed:,}", ink.bad)]


def _bar(file: ChangedFile, most: int, ink: Ink) -> list[Span]:
    """How much of all this is in this file: at most eight marks."""
    size = file.insertions + file.deletions
    marks = -(-size * 8 // most) if most else 0
    good = round(marks * file.insertions / size) if size else 0
    rest = Span(" " * (8 - marks), ink.text)
    return [Span(" " + "+" * good, ink.good), Span("−" * (marks - good), ink.bad), rest]


def _body(file: ChangedFile, patch: str | None) -> Iterator[Block]:
    if patch is None:
        yield _word(file, "binary file" if file.binary else "…")
        return
    hunks = hunks_of(patch)
    if not hunks:
        yield _unparsed(file, patch)
    for number, hunk in enumerate(hunks):
        yield from _hunk(file, hunk, number)


def _word(file: ChangedFile, word: str) -> Block:
    def build(width: int, ink: Ink) -> list[Line]:
        return [line_of(Span(f"  {word}", ink.muted))]

    size = 1 if file.binary else 1 + file.insertions + file.deletions
    kind = "binary" if file.binary else "hunk:0.0"
    return Block(f"{kind}:{file.path}", (word,), build, size, stop=False)


def _unparsed(file: ChangedFile, patch: str) -> Block:
    """A patch without hunks: what git says of it, such as a new mode."""
    said = [line for line in patch.split("\n")[:40] if line[:5] not in {"diff ", "index"}]
    text = "\n".join(said).strip("\n")

    def build(width: int, ink: Ink) -> list[Line]:
        return block([span(text, ink.muted)], width, first=Span("  ", ink.muted))

    return Block(f"hunk:0.0:{file.path}", (text,), build, len(said), text=text)


def _hunk(file: ChangedFile, hunk: DiffHunk, number: int) -> Iterator[Block]:
    for place in range(0, len(hunk.lines), _PIECE):
        piece = replace(hunk, lines=hunk.lines[place : place + _PIECE])
        yield _piece(file, piece, f"{number}.{place}", first=place == 0)


def _piece(file: ChangedFile, piece: DiffHunk, place: str, *, first: bool) -> Block:
    def build(width: int, ink: Ink) -> list[Line]:
        lines = hunk_lines(piece, file.path, width, ink)
        return [hunk_head(piece, ink), *lines] if first else lines

    text = "\n".join(line.kind + line.text for line in piece.lines)
    key = f"hunk:{place}:{file.path}"
    return Block(key, (piece,), build, len(piece.lines) + first, text=text)
