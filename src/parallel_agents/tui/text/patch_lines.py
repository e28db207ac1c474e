"""A unified diff as coloured lines; it is only shown, never applied.

Keep true: hunks are coloured by Pygments one at a time, when they are painted; a patch that makes
no sense is shown as the text it is.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from parallel_agents.core.diff import DiffHunk, DiffLine, parse_hunks
from parallel_agents.tui.text.code import highlight
from parallel_agents.tui.text.spans import (
    PLAIN,
    Line,
    Span,
    block,
    fill,
    flat,
    line_of,
    span,
    strip_of,
    wrap,
)
from parallel_agents.tui.text.styles import Ink
from parallel_agents.tui.text.word_changes import Stretches, changed_stretches

PIECE = 150
"""Lines of a hunk that are painted together; colours depend on those from a multiple of it on."""

_COLOURED = 400
"""Most lines that are coloured by Pygments together."""

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@(.*)")
_KINDS = frozenset("+- \\")


@lru_cache(maxsize=256)
def line_counts(added: int, removed: int, ink: Ink) -> list[Span]:
    """How many lines a change adds and removes, as every list, header and diff says it."""
    return [Span(f"+{added:,} ", ink.good), Span(f"−{removed:,}", ink.bad)]


@lru_cache(maxsize=64)
def hunks_of(patch: str, path: str) -> tuple[DiffHunk, ...]:
    """The hunks of one file's patch, parsed once."""
    return parse_hunks(patch, path)


def shortened_patch(patch: str) -> str:
    """Make the beginning of a patch a patch: its last hunk says how long it is now.

    Args:
        patch: a unified diff that ends anywhere.

    Returns:
        A whole one; its last line says that there was more.
    """
    at = patch.rfind("\n@@ ") + 1
    if "\n" not in patch[at:]:  # its last hunk has only half a head
        patch = patch[:at]
        at = patch.rfind("\n@@ ") + 1
    head, _, rest = patch[at:].partition("\n")
    found = _HUNK.match(head)
    if found is None:
        return patch
    body = [line for line in rest.split("\n")[:-1] if line[:1] in _KINDS]
    body.append(" … the rest is too long to show here: E opens the editor")
    old = sum(line[0] != "+" for line in body if line[0] != "\\")
    new = sum(line[0] != "-" for line in body if line[0] != "\\")
    lines = [f"@@ -{found[1]},{old} +{found[2]},{new} @@{found[3]}", *body, ""]
    return patch[:at] + "\n".join(lines)


def hunk_lines(
    hunk: DiffHunk,
    path: str,
    width: int,
    ink: Ink,
    *,
    both: bool = False,
    part: tuple[int, int] | None = None,
) -> list[Line]:
    """Paint a hunk with its line numbers.

    Args:
        hunk: the hunk.
        path: the file's name, which decides the colours.
        width: cells of a line.
        ink: the styles.
        both: number the lines on both sides, not only on the one where they are.
        part: the lines to paint, from 0, without the last one; all of them with None.

    Returns:
        Its lines; copying leaves out numbers and marks.
    """
    digits = len(str(max(hunk.old_start + hunk.old_count, hunk.new_start + hunk.new_count)))
    start, end = part or (0, len(hunk.lines))
    begin = start - start % PIECE if part else 0
    around = hunk.lines[begin:end]
    coloured = _with_changes(around, _coloured(around, path, ink), ink)[start - begin :]
    made: list[Line] = []
    for line, spans in zip(hunk.lines[start:end], coloured, strict=True):
        numbers = [line.old, line.new] if both else [line.old if line.new is None else line.new]
        gutter = " ".join(f"{'' if one is None else one:>{digits}}" for one in numbers)
        made.extend(_painted(line, gutter, spans, width, ink))
    return made


def hunk_head(hunk: DiffHunk, ink: Ink) -> Line:
    """The line above a hunk: where it is."""
    where = f" {hunk.section}" if hunk.section else ""
    return line_of(flat(f"@@ {hunk.new_start}", ink.faint), flat(where, ink.muted))


def _coloured(lines: Sequence[DiffLine], path: str, ink: Ink) -> list[list[Span]]:
    """Each line's spans; both sides are coloured together, as one text."""
    body = [line.text for line in lines]
    if len(body) <= _COLOURED:
        coloured = highlight("\n".join(body), "", ink, filename=path)
        if len(coloured) == len(body):
            return coloured
    return [[flat(text.expandtabs(4), ink.text)] for text in body]


def _with_changes(
    lines: Sequence[DiffLine], coloured: list[list[Span]], ink: Ink
) -> list[list[Span]]:
    """Underline the words that changed where one line replaced another."""
    shown = ["".join(span.text for span in spans) for spans in coloured]
    changes = changed_stretches(lines, shown)
    return [_underlined(spans, changes.get(index, ()), ink) for index, spans in enumerate(coloured)]


def _underlined(spans: list[Span], stretches: Stretches, ink: Ink) -> list[Span]:
    """Cut spans where stretches of their text begin and end."""
    if not stretches:
        return spans
    ends = [place for stretch in stretches for place in stretch]
    made: list[Span] = []
    at = 0
    for text, style in spans:
        cuts = [0, *(end - at for end in ends if 0 < end - at < len(text)), len(text)]
        for start, end in pairwise(cuts):
            inside = any(first <= at + start < last for first, last in stretches)
            made.append(Span(text[start:end], style + ink.changed if inside else style))
        at += len(text)
    return made


def _painted(line: DiffLine, gutter: str, spans: list[Span], width: int, ink: Ink) -> list[Line]:
    under = {"+": ink.on_added, "-": ink.on_removed}.get(line.kind, PLAIN)
    mark = {"+": ink.good, "-": ink.bad}.get(line.kind, ink.faint)
    shown = {"+": "+", "-": "−"}.get(line.kind, " ")
    head = [Span(f"{gutter} ", ink.faint), Span(f"{shown} ", mark)]
    indent, anchor = len(gutter) + 3, line.anchor
    if line.kind == "\\":
        spans = [Span("no newline at the end of the file", ink.faint)]
    made: list[Line] = []
    for joint, part in wrap(spans, width - indent):
        strip = fill(strip_of([*head, *part]), width, under)
        made.append(Line(strip, indent, joint, anchor=anchor))
        head = [Span(" " * indent, PLAIN)]
    return made


def patch_lines(patch: str, path: str, width: int, ink: Ink, limit: int = 200) -> list[Line]:
    """Paint one file's patch whole, as a tool row shows it.

    Args:
        patch: a unified diff, raw.
        path: the file's name.
        width: cells of a line.
        ink: the styles.
        limit: at most about so many lines.

    Returns:
        The lines.
    """
    lines: list[Line] = []
    hunks = hunks_of(patch, path)
    for number, hunk in enumerate(hunks):
        if number:
            lines.append(line_of(Span("⋯", ink.faint), skip=1))
        lines.extend(hunk_lines(hunk, path, width, ink))
        if len(lines) > limit:
            break
    if not hunks:
        lines = block([span(patch.rstrip("\n"), ink.muted)], width)
    return shortened(lines, limit, ink)


def shortened(lines: list[Line], limit: int, ink: Ink, indent: int = 0) -> list[Line]:
    """At most so many lines, and a word about the rest."""
    if len(lines) <= limit:
        return lines
    rest = Span(" " * indent + f"… {len(lines) - limit:,} more lines", ink.muted)
    return [*lines[:limit], line_of(rest, skip=len(rest.text))]


def counts(patch: str, path: str) -> tuple[int, int]:
    """Lines added and removed by one file's patch."""
    kinds = [line.kind for hunk in hunks_of(patch, path) for line in hunk.lines]
    return kinds.count("+"), kinds.count("-")
