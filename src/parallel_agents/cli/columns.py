"""Measures text in terminal cells: two for a wide character, none for a combining mark.

Keep true: ASCII text (nearly every name) needs no import.
"""

import os
import sys

ELLIPSIS = "…"
_ROOM = 80


def of_terminal() -> int:
    """Return the width of the output, as `shutil` does, which is slow to import."""
    named = os.environ.get("COLUMNS", "")
    if named.isdecimal() and int(named) > 0:
        return int(named)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or _ROOM  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):  # closed, or no terminal
        return _ROOM


def width(text: str) -> int:
    """Count the cells that one line of safe text takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def pad(text: str, cells: int) -> str:
    """Pad with spaces to a width in cells."""
    return text + " " * (cells - width(text))


def cut(text: str, cells: int) -> str:
    """Cut one line of safe text to at most `cells` cells, with an ellipsis if it was longer."""
    if cells < 1:
        return ""
    if width(text) <= cells:
        return text
    if text.isascii():
        return text[: cells - 1] + ELLIPSIS
    from rich.cells import set_cell_size

    kept = set_cell_size(text, cells - 1).rstrip()
    # Where joiners stand alone, Rich cuts a cell or two too late: it measures what they would join.
    while kept and width(kept + ELLIPSIS) > cells:
        kept = kept[:-1]
    return kept + ELLIPSIS
