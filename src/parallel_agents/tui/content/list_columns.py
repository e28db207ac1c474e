"""Columns of the list beside the name of a session, on a wide screen.

Keep true: columns stand below one another, so each has a width of its own.
"""

from collections.abc import Callable, Sequence

from rich.cells import cell_len

from parallel_agents.core.columns import Column
from parallel_agents.core.state import SessionState
from parallel_agents.tui.text.spans import Span, clip, flat
from parallel_agents.tui.text.styles import Ink

_ROOM = 38
"""Cells that the name, the changed lines and the age need."""


def _context(state: SessionState) -> str:
    used, size = state.turn.context_tokens, state.turn.context_window
    return f"{used * 100 // size}%" if used and size else ""


def _cost(state: SessionState) -> str:
    return f"${state.turn.cost_usd:.2f}" if state.turn.cost_usd else ""


_COLUMNS: dict[Column, tuple[int, Callable[[SessionState], str]]] = {
    "branch": (18, lambda state: state.place.branch or ""),
    "model": (
        12,
        lambda state: state.conversation.model or state.session.options.model or "",
    ),
    "cost": (7, _cost),
    "context": (4, _context),
    "agent": (8, lambda state: state.session.agent),
    "mode": (12, lambda state: state.conversation.mode or state.session.options.mode or ""),
}
"""Width in cells, and what it shows, raw."""


def fitting(columns: Sequence[Column], width: int) -> tuple[Column, ...]:
    """Take the first columns for which a row of this width has room."""
    left, kept = width - _ROOM, []
    for column in columns:
        left -= _COLUMNS[column][0] + 1
        if left < 0:
            break
        kept.append(column)
    return tuple(kept)


def cells_of(state: SessionState, columns: Sequence[Column], ink: Ink) -> list[Span]:
    """Show the columns of a session, each in its width."""
    return [_cell(state, column, ink) for column in columns]


def _cell(state: SessionState, column: Column, ink: Ink) -> Span:
    width, value = _COLUMNS[column]
    text = clip(flat(value(state), ink.muted).text, width)
    space = " " * (width - cell_len(text))
    right = column in {"cost", "context"}
    return Span(f"{space}{text} " if right else f"{text}{space} ", ink.muted)


def padded(spans: list[Span], width: int, ink: Ink) -> list[Span]:
    """Fill up with spaces at the left, so that what stands before is in line."""
    missing = width - sum(cell_len(part.text) for part in spans)
    return [Span(" " * missing, ink.muted), *spans] if missing > 0 else spans
