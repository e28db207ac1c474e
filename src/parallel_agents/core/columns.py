"""The columns that the list may have on a wide screen, by the names used in the settings."""

from typing import Literal, get_args

Column = Literal["branch", "model", "cost", "context", "agent", "mode"]
COLUMNS: tuple[Column, ...] = get_args(Column)
USUAL: tuple[Column, ...] = ("branch", "model", "cost", "context")


def read_columns(names: object) -> tuple[Column, ...] | None:
    """Read the names of columns, each at most once.

    Returns:
        The columns in this order; None if it is no list of their names.
    """
    if not isinstance(names, list | tuple) or len(names) > len(COLUMNS):
        return None
    read = tuple(column for name in names for column in COLUMNS if column == name)
    return read if len(read) == len(names) == len(set(read)) else None
