"""The help screen (`?`): every key, from the table that the keys are bound from."""

from parallel_agents.tui.model.key_document import key_rows
from parallel_agents.tui.model.key_table import KeyTable
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
        keys: the keys that count.
    """

    def __init__(self, ink: Ink, keys: KeyTable) -> None:
        lines: list[list[Span]] = []
        groups = [(title, [row[:2] for row in rows]) for title, rows in key_rows(keys)]
        for title, rows in [*groups, ("Signs", list(_SIGNS))]:
            lines += [[Span(title, ink.strong)]]
            for pressed, does in rows:
                lines.append([flat(f"  {pressed:<16} ", ink.need), flat(does, ink.text)])
            lines += [[Span("", ink.text)]]
        super().__init__("Keys", lines)
