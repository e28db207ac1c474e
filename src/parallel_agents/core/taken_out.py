"""Which lines a person takes out of a change, and how that is said.

Keep true: a selection names lines between two trees that never change, so that it means the same
whenever it is read.
"""

from collections.abc import Sequence
from itertools import groupby

from parallel_agents.core.diff import Anchor, DiffHunk, DiffLine
from parallel_agents.core.value import Value, replace


class LineRange(Value):
    """Some lines of a hunk; both ends count, and an end of 0 means none on that side.

    Attributes:
        first: first line of the newer file, from 1.
        last: last line of the newer file.
        old_first: first line of the older file, from 1.
        old_last: last line of the older file.
    """

    first: int = 0
    last: int = 0
    old_first: int = 0
    old_last: int = 0


class HunkSelection(Value):
    """A hunk of a file's patch as its head names it, or some of its lines.

    Attributes:
        lines: added lines to take out and removed ones to put back; None for all of them.
    """

    old_start: int
    old_count: int
    new_start: int
    new_count: int
    lines: LineRange | None = None


def whole_hunk(hunk: DiffHunk) -> HunkSelection:
    """Choose all of a hunk."""
    return HunkSelection(
        old_start=hunk.old_start,
        old_count=hunk.old_count,
        new_start=hunk.new_start,
        new_count=hunk.new_count,
    )


def chosen_lines(hunk: DiffHunk, first: Anchor, last: Anchor) -> HunkSelection:
    """Choose some lines of a hunk that stand on one side of it.

    Lines that replaced others are taken out with those put back, if all of them are chosen.

    Args:
        hunk: the hunk.
        first: the first line.
        last: the last one, on the same side.
    """
    inside = range(first.number, last.number + 1)
    if first.side == "old":
        lines = LineRange(old_first=first.number, old_last=last.number)
        return replace(whole_hunk(hunk), lines=lines)
    replaced = [
        line.old
        for is_change, run in groupby(hunk.lines, key=lambda line: line.kind in "+-")
        if is_change
        for line in _replaced(list(run), inside)
    ]
    old = [number for number in replaced if number is not None]
    lines = LineRange(
        first=first.number,
        last=last.number,
        old_first=min(old, default=0),
        old_last=max(old, default=0),
    )
    return replace(whole_hunk(hunk), lines=lines)


def _replaced(run: Sequence[DiffLine], inside: range) -> list[DiffLine]:
    """The removed lines of a run of changes whose added lines are all chosen."""
    added = [line.new in inside for line in run if line.kind == "+"]
    return [line for line in run if line.kind == "-"] if added and all(added) else []


class TakenSpan(Value):
    """Lines next to each other that were taken out, put back, or exchanged for older ones.

    Attributes:
        first: first line of the newer file that was taken out; where only lines were put back, the
            line before which they are now.
        added: how many lines were taken out.
        removed: how many lines of the older file were put back in their place.
    """

    first: int
    added: int
    removed: int


def lines_said(spans: Sequence[TakenSpan], path: str, old_path: str = "") -> str:
    """Say what was taken out, as the object of “took”.

    Args:
        spans: the lines; none for the whole file.
        path: the file, raw.
        old_path: its name before; empty when it was not renamed.
    """
    if not spans:
        name = f"{old_path} → {path}" if old_path else path
        return f"the whole change of {name}"
    taken = [_numbers(span) for span in spans if span.added]
    back = sum(span.removed for span in spans if not span.added)
    parts = []
    if taken:
        plural = len(taken) > 1 or "–" in taken[0]
        parts.append(f"line{'s' if plural else ''} {', '.join(taken)}")
    if back:
        parts.append(f"the removal of {back} line{'' if back == 1 else 's'}")
    return f"{' and '.join(parts)} out of {path}"


def _numbers(span: TakenSpan) -> str:
    last = span.first + span.added - 1
    return str(span.first) if last == span.first else f"{span.first}–{last}"
