"""Which words of a line changed, where one line replaced another.

Keep true: only lines that have most in common are compared, since marks everywhere say nothing;
the work is bounded, whatever the lines are.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from typing import NamedTuple

from parallel_agents.core.diff import DiffLine

_TOKENS = re.compile(r"\w+|\s+|[^\w\s]")

_LONGEST = 80
"""Tokens of a line that is still compared."""

_ALIKE = 0.5
"""The least part of two lines that must be the same."""


class Stretch(NamedTuple):
    """Characters of a line, from 0, without the last."""

    start: int
    end: int


Stretches = tuple[Stretch, ...]


def changed_stretches(lines: Sequence[DiffLine], shown: Sequence[str]) -> dict[int, Stretches]:
    """Find the words that changed in the lines of a hunk.

    Args:
        lines: the lines.
        shown: the text of each as it is painted.

    Returns:
        By the index of a line, what of it changed; nothing for lines that replaced no other.
    """
    found: dict[int, Stretches] = {}
    for old, new in _pairs(lines):
        found[old], found[new] = compared(shown[old], shown[new])
    return found


def _pairs(lines: Sequence[DiffLine]) -> Iterator[tuple[int, int]]:
    """Pair the removed lines of each run of changes with the added ones that follow them."""
    indexed = enumerate(lines)
    for is_change, run in groupby(indexed, key=lambda entry: entry[1].kind in "+-"):
        if is_change:
            changes = list(run)
            old = [index for index, line in changes if line.kind == "-"]
            new = [index for index, line in changes if line.kind == "+"]
            yield from zip(old, new, strict=False)


def compared(old: str, new: str) -> tuple[Stretches, Stretches]:
    """Compare two lines word by word.

    Args:
        old: the line before.
        new: the line now.

    Returns:
        What is only in the one, and only in the other; nothing if they have little in common.
    """
    before, after = _TOKENS.findall(old), _TOKENS.findall(new)
    if max(len(before), len(after)) > _LONGEST:
        return (), ()
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    blocks = matcher.get_matching_blocks()
    same = sum(sum(map(len, before[b.a : b.a + b.size])) for b in blocks)
    if 2 * same < _ALIKE * (len(old) + len(new)):
        return (), ()
    codes = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    return (
        tuple(_stretch(before, start, end) for _, start, end, _, _ in codes if end > start),
        tuple(_stretch(after, start, end) for _, _, _, start, end in codes if end > start),
    )


def _stretch(tokens: Sequence[str], start: int, end: int) -> Stretch:
    first = sum(map(len, tokens[:start]))
    return Stretch(first, first + sum(map(len, tokens[start:end])))
