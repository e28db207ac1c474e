"""The help screen (`?`): every key, from the table that the keys are bound from."""

from parallel_agents.tui.model.actions import table
from parallel_agents.tui.screens.confirm import ReadDialog
from parallel_agents.tui.text.spans import Span, flat
from parallel_agents.tui.text.styles import Ink

_SIGNS = (
    ("?", "asks you something"),
    ("✗", "failed"),
    ("✓", "done"),
    ("●", "its process lives"),
    ("○", "no process; a reply starts one"),
)


class HelpScreen(ReadDialog):
    """Shows the keys and signs.

    Args:
        ink: the styles.
    """

    def __init__(self, ink: Ink) -> None:
        lines: list[list[Span]] = []
        for title, rows in [*table(), ("Signs", list(_SIGNS))]:
            lines += [[Span(title, ink.strong)]]
            for keys, does in rows:
                lines.append([flat(f"  {keys:<16} ", ink.need), flat(does, ink.text)])
            lines += [[Span("", ink.text)]]
        super().__init__("Keys", lines)
