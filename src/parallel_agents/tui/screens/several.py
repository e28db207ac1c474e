"""Asks what to do with several sessions, and lists them.

Keep true: every session that would be affected is listed; nothing is done without a digit.
"""

from collections.abc import Sequence

from parallel_agents.core.state import SessionState
from parallel_agents.tui.model.row_words import doing
from parallel_agents.tui.screens.confirm import ChoiceDialog
from parallel_agents.tui.text.spans import Span, flat
from parallel_agents.tui.text.styles import Ink
from parallel_agents.tui.widgets.sidebar import mark


class SeveralDialog(ChoiceDialog):
    """Asks to choose by a digit what happens to the sessions listed below.

    Args:
        title: the question.
        choices: pairs of a value and its meaning.
        states: facts of the sessions.
        now: milliseconds since 1970.
        ink: the styles.
    """

    def __init__(
        self,
        title: str,
        choices: Sequence[tuple[str, str]],
        states: Sequence[SessionState],
        now: int,
        ink: Ink,
    ) -> None:
        super().__init__(title, "", choices, ink)
        self._lines = [*self._lines, [], *(_line(state, now, ink) for state in states)]


def _line(state: SessionState, now: int, ink: Ink) -> list[Span]:
    name = flat(state.session.name or state.id, ink.text)
    return [Span(f"   {mark(state)} ", ink.muted), name, flat(f"  {doing(state, now)}", ink.muted)]
