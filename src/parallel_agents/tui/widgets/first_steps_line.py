"""The line above the bottom one that says what to try next in the demo."""

from collections.abc import Sequence

from parallel_agents.tui.model.first_steps import FirstSteps
from parallel_agents.tui.model.key_table import KeyTable
from parallel_agents.tui.model.store import Store
from parallel_agents.tui.text.spans import Span, flat
from parallel_agents.tui.text.styles import ink_of
from parallel_agents.tui.widgets.one_line import OneLine


class FirstStepsLine(OneLine):
    """Says one thing to try, and is not there when there is none.

    Args:
        keys: the keys that count.
    """

    def __init__(self, keys: KeyTable, *, id: str | None = None) -> None:  # noqa: A002 - Textual's
        super().__init__(id=id)
        self._steps = FirstSteps(keys)

    def look(self, store: Store, panes: Sequence[str]) -> None:
        """Show what to try next, by what has happened so far and which panes are shown."""
        # While sessions are read again, one that is missing was not deleted.
        if not store.ready or store.reading or store.problem is not None:
            return
        hint = self._steps.look(store.mirror.sessions.values(), store.state, panes)
        if self.display != bool(hint):
            self.display = bool(hint)
        ink = ink_of(self.app)
        self.put([Span(" ", ink.text), flat("try", ink.link), flat(f"   {hint}", ink.text)])
