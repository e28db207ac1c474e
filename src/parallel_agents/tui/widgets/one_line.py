"""A single painted line with something at each end."""

from textual.strip import Strip
from textual.widget import Widget

from parallel_agents.tui.text.spans import Span, row


class OneLine(Widget):
    """One line of spans; outside text in it must have passed `spans.flat`."""

    DEFAULT_CSS = "OneLine { height: 1; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._left: list[Span] = []
        self._right: list[Span] = []

    def put(self, left: list[Span], right: list[Span] | None = None) -> None:
        """Show these spans.

        Args:
            left: spans at the left; cut if both ends do not fit.
            right: spans at the right.
        """
        if (left, right or []) != (self._left, self._right):
            self._left, self._right = left, right or []
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Paint the line."""
        width = self.size.width
        if y or width < 1:
            return Strip.blank(width, self.rich_style)
        return row(self._left, self._right, width).apply_style(self.rich_style)
