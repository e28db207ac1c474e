"""The checks of a session: what became of each, and what they printed.

Keep true: a key acts on the check under the cursor, by its name.
"""

from collections.abc import Callable, Hashable

from parallel_agents.core.check_facts import ChecksFacts
from parallel_agents.tui.content.check_lines import HeadKey, OutputKey, Shown, check_blocks
from parallel_agents.tui.text.lines import LineView
from parallel_agents.tui.widgets.keyed import Keyed


class ChecksView(LineView, Keyed):
    """Shows the checks of a session.

    Args:
        run: runs the check with this name.
        stop: stops all checks.
        id: the widget's id.
    """

    PLACES = ("lines", "checks")

    def __init__(
        self,
        run: Callable[[str], None],
        stop: Callable[[], None],
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._run = run
        self._stop = stop
        self._turned: frozenset[str] = frozenset()
        self._shown = Shown(None, ChecksFacts(), {})
        self._now = 0

    def begin(self) -> None:
        """Clear the view for another session."""
        self._turned = frozenset()
        self._shown = Shown(None, ChecksFacts(), {})
        self.restart()
        self.set_blocks([])

    def show(self, shown: Shown, now: int) -> None:
        """Show the checks as they are.

        Args:
            shown: what to show; which outputs are turned is decided here.
            now: milliseconds since 1970.
        """
        self._shown = Shown(shown.checks, shown.facts, shown.outputs, self._turned)
        self._now = now
        known = {block.key: block for block in self.blocks}
        made = check_blocks(self._shown, now)
        self.set_blocks(
            [k if (k := known.get(b.key)) and k.version == b.version else b for b in made]
        )
        if self.index_of(self.cursor) is None and self.blocks:
            self.cursor = next(
                (b.key for b in self.blocks if isinstance(b.key, HeadKey)), self.blocks[0].key
            )

    @property
    def chosen(self) -> str:
        """The name of the check under the cursor; empty when it is on none."""
        match self.cursor:
            case HeadKey(name=name) | OutputKey(check=name):
                return name
            case _:
                return ""

    def action_run_check(self) -> None:
        """Run the check under the cursor."""
        if self.chosen:
            self._run(self.chosen)

    def action_stop_checks(self) -> None:
        """Stop the check that runs, and drop those that wait."""
        self._stop()

    def action_turn(self) -> None:
        """Show or hide the output of the check under the cursor."""
        if self.chosen:
            self._turned ^= {self.chosen}
            self.show(self._shown, self._now)

    def pressed(self, key: Hashable, target: str) -> None:
        """A click on a check shows or hides its output."""
        if target == "turn":
            self.action_turn()
