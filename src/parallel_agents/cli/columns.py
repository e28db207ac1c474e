"""Columns by the cells that a terminal gives to text: two for wide characters, none for marks.

Keep true: text that is all ASCII, nearly every name, costs no import.
"""

import os
import sys

ELLIPSIS = "…"
_ROOM = 80


def of_terminal() -> int:
    """How many columns there are for output, as `shutil` would say, which is slow to import."""
    named = os.environ.get("COLUMNS", "")
    if named.isdecimal() and int(named) > 0:
        return int(named)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or _ROOM  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):  # closed, or no terminal
        return _ROOM


def width(text: str) -> int:
    """Count cells.

    Args:
        text: safe text of one line.

    Returns:
        How many cells it takes.
    """
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def pad(text: str, cells: int) -> str:
    """Fill with spaces up to a width."""
    return text + " " * (cells - width(text))


def cut(text: str, cells: int) -> str:
    """Cut to a width, with an ellipsis when something is cut.

    Args:
        text: safe text of one line.
        cells: at most so many.

    Returns:
        The text, or its beginning.
    """
    if cells < 1:
        return ""
    if width(text) <= cells:
        return text
    if text.isascii():
        return text[: cells - 1] + ELLIPSIS
    from rich.cells import set_cell_size

    return set_cell_size(text, cells - 1).rstrip() + ELLIPSIS
