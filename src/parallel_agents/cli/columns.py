"""Columns by the cells that a terminal gives to text: two for wide characters, none for marks.

Keep true: text that is all ASCII, nearly every name, costs no import.
"""

ELLIPSIS = "…"


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
