"""Take lines of a change back: which ones, and what remains of the file.

Keep true: only line numbers are taken from a patch, all bytes from the two files; a line that was
not chosen keeps its bytes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from parallel_agents.core.diff import DiffHunk, DiffLine
from parallel_agents.core.errors import UsageError
from parallel_agents.core.taken_out import HunkSelection, TakenSpan


@dataclass(frozen=True, slots=True)
class ChosenLine:
    """An added or removed line of a patch.

    Attributes:
        new: its number in the newer file; of a removed line, that of the next line there.
        old: its number in the older file; None for an added line.
        is_taken: whether it is taken back.
    """

    new: int
    old: int | None
    is_taken: bool


def choose(
    hunks: Sequence[DiffHunk], selections: Sequence[HunkSelection] | None
) -> tuple[ChosenLine, ...]:
    """Find the changed lines of a patch, and those that a person chose.

    Args:
        hunks: the whole patch of a file.
        selections: what was chosen; None for everything.

    Raises:
        UsageError: a selection names no hunk of this patch, or no changed line.
    """
    wanted = {} if selections is None else {_head(one): one for one in selections}
    if not wanted.keys() <= {_head(hunk) for hunk in hunks}:
        raise UsageError("That is no hunk of this change.", "Look at the diff again.")
    lines = tuple(
        line
        for hunk in hunks
        for line in _lines(hunk, wanted.get(_head(hunk)), everything=selections is None)
    )
    if selections is not None and not any(line.is_taken for line in lines):
        raise UsageError("No changed line was chosen.", "Choose added or removed lines.")
    return lines


def _head(one: DiffHunk | HunkSelection) -> tuple[int, int, int, int]:
    return one.old_start, one.old_count, one.new_start, one.new_count


def _lines(
    hunk: DiffHunk, selection: HunkSelection | None, *, everything: bool
) -> Iterator[ChosenLine]:
    new = hunk.new_start + (hunk.new_count == 0)
    for line in hunk.lines:
        if line.kind in "+-":
            taken = everything or (selection is not None and _is_chosen(line, selection))
            yield ChosenLine(new, line.old if line.kind == "-" else None, taken)
        new += line.kind in "+ "


def _is_chosen(line: DiffLine, selection: HunkSelection) -> bool:
    chosen = selection.lines
    if chosen is None:
        return True
    if line.kind == "+":
        return chosen.first <= (line.new or 0) <= chosen.last
    return chosen.old_first <= (line.old or 0) <= chosen.old_last


def spans_of(lines: Sequence[ChosenLine]) -> tuple[TakenSpan, ...]:
    """Join the chosen lines that are next to each other."""
    spans: list[TakenSpan] = []
    for line in lines:
        if not line.is_taken:
            continue
        added = line.old is None
        last = spans[-1] if spans else None
        if last is not None and line.new == last.first + last.added:
            spans[-1] = TakenSpan(
                first=last.first,
                added=last.added + added,
                removed=last.removed + (not added),
            )
        else:
            spans.append(TakenSpan(first=line.new, added=int(added), removed=int(not added)))
    return tuple(spans)


def without(newer: bytes, older: bytes, lines: Sequence[ChosenLine]) -> bytes:
    """Take the chosen lines back.

    Args:
        newer: the file with the change.
        older: the file before it.
        lines: the lines that differ.

    Returns:
        The file without the chosen part of the change.

    Raises:
        IndexError: the files have fewer lines than the patch.
    """
    before, after = split_lines(older), split_lines(newer)
    made: list[bytes] = []
    at = 1
    for line in lines:
        made += after[at - 1 : line.new - 1]
        at = line.new
        if line.old is not None:
            made += [before[line.old - 1]] if line.is_taken else []
        else:
            made += [] if line.is_taken else [after[line.new - 1]]
            at += 1
    return _joined(made + after[at - 1 :])


def split_lines(data: bytes) -> list[bytes]:
    """Split a file as git does: after line feeds only."""
    *whole, rest = data.split(b"\n")
    return [line + b"\n" for line in whole] + ([rest] if rest else [])


def _joined(lines: list[bytes]) -> bytes:
    """Join lines; one that was the last of its file and is not any more gets its line feed."""
    ended = [line if line.endswith(b"\n") else line + b"\n" for line in lines[:-1]]
    return b"".join(ended + lines[-1:])
