"""The room of a session's panes: places them by a layout, and lets the mouse move the lines.

Keep true: a pane is never made anew when the layout changes, so that it keeps its place; what is
not shown takes no room and no focus.
"""

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.geometry import NULL_OFFSET, NULL_SPACING, Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from parallel_agents.tui.model.layout import Area, Arrangement, Divider, arranged, fits
from parallel_agents.tui.text.spans import Span, strip_of
from parallel_agents.tui.text.styles import ink_of
from parallel_agents.tui.widgets.one_line import OneLine


class PaneBox(Vertical):
    """A pane under its title.

    Args:
        name: the pane's name.
        view: shows it.

    Attributes:
        title: the line above it, which is there while several panes are.
        view: shows it.
    """

    def __init__(self, name: str, view: Widget) -> None:
        super().__init__(id=f"{name}-box")
        self.title = OneLine(classes="pane-title")
        self.view = view

    def compose(self) -> ComposeResult:
        """Create both."""
        yield self.title
        yield self.view


class PaneLine(Widget):
    """The line between two panes; it can be dragged."""

    class Dragged(Message):
        """The line was dragged, by a number of cells to the right or down."""

        def __init__(self, divider: Divider, cells: int) -> None:
            super().__init__()
            self.divider = divider
            self.cells = cells

    class Released(Message):
        """The line stays where it is."""

    divider: Divider | None = None
    _from = 0

    def render_line(self, y: int) -> Strip:
        """Paint it."""
        sign = "│" if self.divider is None or self.divider.across else "─" * self.size.width
        return strip_of([Span(sign, ink_of(self.app).faint)]).apply_style(self.rich_style)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin to drag."""
        self.capture_mouse()
        self._from = self._at(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the mouse."""
        if self.app.mouse_captured is self and self.divider is not None:
            cells = self._at(event) - self._from
            if cells:
                self._from += cells
                self.post_message(self.Dragged(self.divider, cells))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """End it."""
        self.release_mouse()
        self.post_message(self.Released())

    def _at(self, event: events.MouseEvent) -> int:
        across = self.divider is None or self.divider.across
        return event.screen_x if across else event.screen_y


class _ByLayout(Layout):
    """Places the children where the arrangement says."""

    name = "panes"

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        """Place the panes, and the lines between them."""
        assert isinstance(parent, PaneArea)  # noqa: S101 - nothing else has this layout
        places = parent.places(size)
        return [
            WidgetPlacement(places[child], NULL_OFFSET, NULL_SPACING, child)
            for child in children
            if child in places
        ]


class PaneArea(Widget):
    """Shows panes by a layout.

    Args:
        views: the widget of each pane by its name.

    Attributes:
        current: the pane that keys change, and the one that stays when there is room for one only.
    """

    class Changed(Message):
        """Other panes are shown than before."""

    def __init__(self, views: dict[str, Widget], *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.boxes = {name: PaneBox(name, view) for name, view in views.items()}
        self._lines = [PaneLine() for _ in range(len(views) - 1)]
        self.current = next(iter(views))
        self._wanted = Area(pane=self.current)
        self._zoomed = False
        self._by_layout = _ByLayout()
        self._arranged: Arrangement | None = None

    @property
    def layout(self) -> Layout:
        """The layout of the children."""
        return self._by_layout

    def compose(self) -> ComposeResult:
        """Create everything; what is not shown is hidden."""
        yield from self.boxes.values()
        yield from self._lines

    def put(self, area: Area, current: str, *, zoomed: bool = False) -> None:
        """Show a layout.

        Args:
            area: the layout.
            current: the pane that keys change; one of the layout.
            zoomed: whether only this pane is shown.
        """
        self._wanted, self.current, self._zoomed = area, current, zoomed
        self._show()

    @property
    def effective(self) -> Area:
        """The layout as there is room for it."""
        if self._zoomed or not fits(self._wanted, *self.size):
            return Area(pane=self.current)
        return self._wanted

    @property
    def arrangement(self) -> Arrangement:
        """Where the panes stand."""
        return arranged(self.effective, *self.size)

    @property
    def shown(self) -> Sequence[str]:
        """The panes that are on the screen."""
        return list(self.arrangement.panes)

    def on_mount(self) -> None:
        """Hide what is not shown."""
        self._show()

    def on_resize(self) -> None:
        """Show what there is room for now."""
        self._show()

    def _show(self) -> None:
        arrangement = self.arrangement
        before, self._arranged = self._arranged, arrangement
        if arrangement == before:
            return
        several = len(arrangement.panes) > 1
        for name, box in self.boxes.items():
            box.display = name in arrangement.panes
            box.title.display = several
        for number, line in enumerate(self._lines):
            line.display = number < len(arrangement.dividers)
            line.divider = arrangement.dividers[number] if line.display else None
        # A widget's own layout is worked out anew only when a child of it asks for that.
        self.boxes[self.current].refresh(layout=True)
        if before is not None and list(before.panes) != list(arrangement.panes):
            self.post_message(self.Changed())

    def places(self, size: Size) -> dict[Widget, Region]:
        """Say where each child stands.

        Args:
            size: of the whole room in cells.
        """
        arrangement = arranged(self.effective, *size)
        places: dict[Widget, Region] = {
            self.boxes[name]: Region(*box) for name, box in arrangement.panes.items()
        }
        for line, divider in zip(self._lines, arrangement.dividers, strict=False):
            places[line] = Region(*divider.box)
        return places
