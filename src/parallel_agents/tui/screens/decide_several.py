"""Decides on several requests at once, after each was shown in full.

Keep true: nothing is allowed before the end of the list has been on the screen; a decision names
each request by the digest of what was shown.
"""

import json
from collections.abc import Sequence

from textual import events

from parallel_agents.core.doubt import pieces
from parallel_agents.core.state import Request, SessionState
from parallel_agents.tui.screens.confirm import ChoiceDialog, Reading
from parallel_agents.tui.text.spans import Span, flat
from parallel_agents.tui.text.styles import Ink
from parallel_agents.tui.widgets.one_line import OneLine

_READ_ON = "Read on to the end first: ↓"


class DecideSeveral(ChoiceDialog):
    """Asks what to decide on the requests listed below the choices.

    Args:
        pending: the requests with their sessions.
        ink: the styles.
    """

    def __init__(self, pending: Sequence[tuple[SessionState, Request]], ink: Ink) -> None:
        count = len(pending)
        noun = "this request" if count == 1 else f"these {count} requests"
        choices = (("allow", "each of them once"), ("deny", "all of them"))
        super().__init__(f"Decide on {noun}?", "", choices, ink)
        self._ink = ink
        for state, request in pending:
            self._lines = [*self._lines, [], *_listed(state, request, ink)]

    def on_key(self, event: events.Key) -> None:
        """Keep `1` from the base, whose handler comes next, until the end has been seen."""
        view = self.query_one(Reading)
        if event.key == "1" and not _is_at_end(view):
            event.stop()
            event.prevent_default()
            self.query_one(".keys", OneLine).put([flat(_READ_ON, self._ink.alarm)])


def _is_at_end(view: Reading) -> bool:
    seen = view.visible_blocks()  # none before it is laid out
    reached = bool(seen) and seen[-1] is view.blocks[-1]
    return reached and view.scroll_offset.y >= view.max_scroll_y


def _listed(state: SessionState, request: Request, ink: Ink) -> list[list[Span]]:
    """Write everything that a request would do, a line for each field."""
    name = flat(state.session.name or state.id, ink.strong)
    lines = [[Span("? ", ink.need), name, flat(f"  {request.tool_name}", ink.text)]]
    for key, value in request.input.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for number, part in enumerate(text.split("\n")):
            words = pieces(f"{key}: {part}" if not number else part)
            spans = [flat(said, ink.text if doubt is None else ink.alarm) for said, doubt in words]
            lines.append([Span("    ", ink.muted), *spans])
    return lines
