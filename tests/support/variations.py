"""The same test with further sizes or texts: left out between two edits, never in CI."""

from __future__ import annotations

from collections.abc import Iterable

import pytest


def varied(values: Iterable[object]) -> list[object]:
    """Parameters of which every one but the first is marked `variation`.

    Args:
        values: one parameter each; a tuple is one, too.
    """
    first, *more = values
    return [first, *(pytest.param(value, marks=pytest.mark.variation) for value in more)]


def varied_rows(rows: Iterable[tuple[object, ...]]) -> list[object]:
    """The same for several parameters at once.

    Args:
        rows: the parameters of one test each.
    """
    first, *more = rows
    return [first, *(pytest.param(*row, marks=pytest.mark.variation) for row in more)]
