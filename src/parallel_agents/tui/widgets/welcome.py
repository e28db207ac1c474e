"""Shown in place of the sessions while there are none."""

from textual.strip import Strip
from textual.widget import Widget

from parallel_agents.core.errors import UserError
from parallel_agents.tui.text.spans import Line, Span, block, flat, line_of
from parallel_agents.tui.text.styles import ink_of

_STEPS = (
    ("c", "start a session: an agent works on a task in a worktree of its own"),
    ("?", "all keys"),
    ("q", "close the screen; sessions keep working without it"),
)
_DEMO = "parallel-agents demo"


class Welcome(Widget):
    """Says what to do first."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's
        super().__init__(id=id)
        self._needed = True
        self._ready = False
        self._problem: UserError | None = None
        self._hint = ""

    def put(self, *, ready: bool, problem: UserError | None, hint: str) -> None:
        """Show the current situation.

        Args:
            ready: whether the supervisor has said that there are no sessions.
            problem: why there is no connection.
            hint: what to install first; empty when nothing is missing.
        """
        situation = (True, ready, problem, hint)
        if situation != (self._needed, self._ready, self._problem, self._hint):
            self._needed, self._ready, self._problem, self._hint = situation
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Paint a line."""
        width = self.size.width
        lines = self._lines(width)
        if y >= len(lines):
            return Strip.blank(width, self.rich_style)
        return lines[y].strip.adjust_cell_length(width).apply_style(self.rich_style)

    def leave(self) -> None:
        """Say nothing more: another pane takes the place once the screen is laid out anew."""
        if self._needed:
            self._needed = False
            self.refresh()

    def _lines(self, width: int) -> list[Line]:
        if not self._needed:
            return []
        styles = ink_of(self.app)
        pad = Span("  ", styles.text)
        empty = line_of(pad)
        if not self._ready:
            said = self._problem.message if self._problem else "Asking the supervisor …"
            hint = self._problem.hint if self._problem else ""
            words = [flat(f"{said} {hint}".strip(), styles.muted)]
            return [empty, *block(words, width, first=pad)]
        lines = [empty, line_of(pad, Span("No sessions yet.", styles.strong)), empty]
        for key, does in _STEPS:
            lines += block(
                [Span(does, styles.muted)], width, first=Span(f"  {key}   ", styles.need)
            )
        demo = [Span(_DEMO, styles.code), Span(" shows it all without an account", styles.muted)]
        lines += [empty, *block(demo, width, first=pad)]
        if self._hint:
            lines += [empty, *block([flat(self._hint, styles.bad)], width, first=pad)]
        return lines
