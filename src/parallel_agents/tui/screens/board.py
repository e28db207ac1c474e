"""The main screen's widgets, and how they are painted.

Keep true: a request never takes the focus; only facts from the store are painted, at most twenty
times a second; while nothing changes, nothing is painted and no timer runs, except a slow one that
updates the ages; text typed for one session is never sent to another.
"""

import contextlib
import time
from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingsMap
from textual.containers import Horizontal, Vertical
from textual.notifications import Notify
from textual.screen import Screen
from textual.widget import Widget

from parallel_agents.core.errors import UnreachableError, UserError
from parallel_agents.core.state import SessionState
from parallel_agents.tui.model.actions import Zone
from parallel_agents.tui.model.commands import Commands, Tone
from parallel_agents.tui.model.grouping import listed
from parallel_agents.tui.model.key_table import KeyTable
from parallel_agents.tui.model.request_card import Card, Identity
from parallel_agents.tui.model.store import Store
from parallel_agents.tui.model.workers import alone
from parallel_agents.tui.screens import header
from parallel_agents.tui.screens.bell import Bell
from parallel_agents.tui.screens.panes import Panes
from parallel_agents.tui.terminal.one_shot import once_after
from parallel_agents.tui.text.styles import ink_of
from parallel_agents.tui.widgets.card import CardView
from parallel_agents.tui.widgets.card_box import CardBox
from parallel_agents.tui.widgets.card_keys import CardKeys
from parallel_agents.tui.widgets.diff_view import DiffView
from parallel_agents.tui.widgets.filter_line import FilterLine
from parallel_agents.tui.widgets.first_steps_line import FirstStepsLine
from parallel_agents.tui.widgets.notice import Notice
from parallel_agents.tui.widgets.one_line import OneLine
from parallel_agents.tui.widgets.pane_area import PaneArea, PaneLine
from parallel_agents.tui.widgets.prompt import Prompt
from parallel_agents.tui.widgets.sidebar import Sidebar
from parallel_agents.tui.widgets.welcome import Welcome

FRAME = 0.05
"""Seconds between two repaints."""

LETTER = 0.03
"""Seconds after a key in the input during which only the typed text is painted, two of Textual's
frames: a letter does not wait for rows that an agent moved."""

LATEST = 4 * FRAME
"""The longest time between two repaints in seconds, however fast somebody types."""

AGES = 15.0
"""Seconds between two updates of the rows' ages."""

WIDE = 100
"""Columns from which the list and the session are side by side."""

LOW, TINY = 14, 8
"""Rows below which first the session's own lines, then the screen's, make room for a request."""


def now_ms() -> int:
    """Return the current time in milliseconds since 1970."""
    return int(time.time() * 1000)


class Board(Screen[None]):
    """Shows what the store knows.

    Args:
        store: the state to show.
        keys: the keys that count.
        clock: monotonic time in seconds; the card's waiting times are measured with it.
        title: sets the terminal's title.
    """

    def __init__(
        self,
        store: Store,
        keys: KeyTable,
        clock: Callable[[], float],
        title: Callable[[str], None],
    ) -> None:
        super().__init__()
        self.store = store
        self.keys = keys
        self._bindings = BindingsMap.merge([self._bindings, BindingsMap(keys.bindings())])
        self.clock = clock
        self.card = Card(clock)
        self.commands = Commands(store, self.say, clock)
        self.panes = Panes(self.commands, store)
        self.shown: str | None = None
        self.key: events.Key | None = None
        self._bell = Bell(lambda: self.app.bell(), title)  # noqa: PLW0108 - there is no app yet
        self._drafts: dict[str, str] = {}
        self._painting = False
        self._painted_at = 0.0
        self._typed_at = 0.0

    def compose(self) -> ComposeResult:
        """Create the widgets."""
        yield OneLine(id="top")
        with Horizontal(id="body"):
            yield Sidebar(id="list")
            with Vertical(id="session"):
                yield OneLine(id="about")
                yield OneLine(id="tabs")
                yield Welcome(id="welcome")
                yield self.panes.area
                yield CardBox(self.card, id="card")
                yield Prompt(id="prompt")
        yield FilterLine(id="filter")
        yield FirstStepsLine(self.keys, id="first")
        yield OneLine(id="hints")

    def on_mount(self) -> None:
        """Start with the focus on the list."""
        self.sidebar = self.query_one(Sidebar)
        self.request = self.query_one(CardView)
        self.prompt = self.query_one(Prompt)
        self.prompt.complete_files = self.complete_files
        self.sidebar.focus()
        self.set_interval(AGES, self.paint_list)
        self.wake()

    async def complete_files(self, prefix: str) -> list[str]:
        """List files of the shown session's worktree; overridden where requests are made."""
        raise NotImplementedError

    def request_gone(self, request: Identity) -> None:
        """Note that a request that was shown is no longer asked; overridden where it is said."""
        raise NotImplementedError

    def line(self, name: str) -> OneLine:
        """Return one of the single lines."""
        return self.query_one(f"#{name}", OneLine)

    def say(self, text: str, tone: Tone, topic: str) -> None:
        """Show a short message; its text must be safe, and is never parsed as markup.

        Args:
            text: the message.
            tone: how bad it is.
            topic: what it is about; it replaces the message before it about the same, if not empty.
        """
        seconds = 8 if tone == "error" else 4
        notice = Notice(text, severity=tone, timeout=seconds, topic=topic)
        self.app.post_message(Notify(notice))

    # --- zones --------------------------------------------------------------------------------

    @property
    def zone(self) -> Zone:
        """The zone that receives keys."""
        focused = self.focused
        if focused is self.prompt.editor or isinstance(focused, FilterLine):
            return "input"
        return "list" if focused is None or focused is self.sidebar else "view"

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Show the hints for this zone; on a low screen, a focused request gets all the room."""
        self.set_class(self.focused is self.request, "-deciding")
        if self.focused is not None and self.focused.id is not None:
            self.panes.focused(self.focused.id)
        self._paint_hints()
        if self.store.state is not None:
            self._paint_tabs(self.store.state)

    @property
    def pane(self) -> Widget:
        """The pane that is shown."""
        return self.panes.pane.view

    @property
    def session_visible(self) -> bool:
        """Whether the session is on the screen: on a narrow one, only after going in."""
        return not self.has_class("-narrow") or self.has_class("-inside")

    # --- when to paint ------------------------------------------------------------------------

    @property
    def paintable(self) -> bool:
        """Whether the widgets exist: leftover work may still run while they are being closed."""
        return self.is_mounted and self.is_running

    def wake(self) -> None:
        """Note a change: paint soon, but not too often."""
        if self._painting or not self.paintable:
            return
        self._painting = True
        self._paint_in(FRAME - (time.monotonic() - self._painted_at))

    def _paint_in(self, seconds: float) -> None:
        if seconds <= 0:
            self.call_next(self._paint_due)
        else:
            once_after(self, seconds, self._paint_due)

    def _paint_due(self) -> None:
        now = time.monotonic()
        wait = min(self._typed_at + LETTER, self._painted_at + LATEST) - now
        if wait > 0:
            self._paint_in(wait)
        else:
            self.paint()

    def given(self, event: events.Event) -> None:
        """Note what the focused widget gets; the input paints its letters itself."""
        self.key = event if isinstance(event, events.Key) else None
        if self.paintable and self.zone == "input":
            self._typed_at = time.monotonic()

    def on_resize(self, event: events.Resize) -> None:
        """Show list and session as two screens below `WIDE` columns."""
        self.set_class(event.size.width < WIDE, "-narrow")
        self.set_class(event.size.height < LOW, "-low")
        self.set_class(event.size.height < TINY, "-tiny")
        self._fit_card()
        self._paint_hints()
        self.wake()

    def on_screen_resume(self) -> None:
        """Show what changed under a dialog, and the keys again."""
        self._paint_hints()
        self.wake()

    # --- painting -----------------------------------------------------------------------------

    def paint(self) -> None:
        """Show what the store knows now."""
        self._painting = False
        self._painted_at = time.monotonic()
        state = self.store.state
        if self.store.selected != self.shown:
            self._swap_draft()
        self.paint_list()
        self._paint_top(state)
        self._paint_session(state)
        self._paint_card(state)
        self._paint_hints()
        self._bell.look(self.store.mirror.sessions.values(), ready=self.store.ready)
        self.query_one(FirstStepsLine).look(self.store, self.panes.shown)
        if self.store.gap and self.store.problem is None:
            alone(self, self._read, "read")
        if self.store.agents.stale and self.store.ready and self.store.problem is None:
            alone(self, self._learn_agents, "agents")

    def on_pane_area_changed(self, message: PaneArea.Changed) -> None:
        """Show other panes: what they need may be missing, and the focus may be in a hidden one."""
        hidden = self.panes.all.keys() - set(self.panes.shown)
        if self.focused is not None and self.focused.id in hidden:
            self.pane.focus()
        self.wake()

    def on_pane_line_dragged(self, message: PaneLine.Dragged) -> None:
        """Move the line between two panes."""
        self.panes.drag(message.divider, message.cells)

    def on_pane_line_released(self, message: PaneLine.Released) -> None:
        """Keep where the line is now."""
        self.panes.keep()

    def on_diff_view_need_patch(self, message: DiffView.NeedPatch) -> None:
        """Load a file's patch that comes into view."""
        self.run_worker(self.panes.diff.read_patch(message.path), group="patches")

    async def _learn_agents(self) -> None:
        # The next connection asks again; whatever depends on the reply shows that it is missing.
        with contextlib.suppress(UserError):
            await self.store.learn_agents()

    async def _read(self) -> None:
        try:
            await self.store.read()
        except UnreachableError:
            return
        except UserError as error:
            self.store.read_again(missing=False)
            self.commands.complain(error)

    def paint_list(self) -> None:
        """Show the rows with their current ages, and the filter while there is one."""
        line = self.query_one(FilterLine)
        if line.value and not self.store.filter:
            line.value = ""
        self.set_class(bool(self.store.filter) or line.has_focus, "-filtered")
        now = now_ms()
        mirror, rows = self.store.mirror, self.store.rows()
        cursor = self.store.cursor(rows)
        self.sidebar.show(rows, mirror.sessions, mirror.progress, cursor, now, self.store.marks)

    def _paint_top(self, state: SessionState | None) -> None:
        states = [s for s in self.store.mirror.sessions.values() if listed(s)]
        store, ink, width = self.store, ink_of(self.app), self.size.width
        said = header.top(
            states, state, store.problem, ink, width, cost=store.mirror.cost, reading=store.reading
        )
        self.line("top").put(*said)
        self.set_class(not states, "-empty")
        if not states:
            hint = store.agents.missing
            self.query_one(Welcome).put(ready=store.ready, problem=store.problem, hint=hint)
        else:
            self.query_one(Welcome).leave()

    def _paint_session(self, state: SessionState | None) -> None:
        if state is None:
            self.line("about").put([])
            self.line("tabs").put([])
            return
        self.line("about").put(*header.session_line(state, ink_of(self.app)))
        self.prompt.commands = state.process.commands
        self.prompt.placeholder = _placeholder(state)
        self.panes.arrange(state.id)
        self.set_class(len(self.panes.shown) > 1, "-several")
        self._paint_tabs(state)
        self.panes.follow(state)

    def _paint_tabs(self, state: SessionState) -> None:
        focused = self.focused is self.pane
        titles = self.panes.tabs()
        self.line("tabs").put(*header.tabs(titles, state, ink_of(self.app), focused=focused))
        self.panes.paint_titles(state, self.panes.current if focused else "")

    def _paint_card(self, state: SessionState | None) -> None:
        before = self.card.identity
        self.card.show(state)
        if before is not None and before != self.card.identity and before.session == self.shown:
            self.request_gone(before)
        has = self.card.request is not None
        if not has and self.focused is self.request:
            self.pane.focus()
        self.query_one("#card").display = has
        self.request.update(state.session.name or state.id if state is not None else "")
        self._fit_card()
        if wait := self.card.settles_in:
            once_after(self, wait, self.query_one(CardKeys).update)

    def on_card_view_read(self) -> None:
        """Update the notes: more of the request has been on the screen."""
        self._fit_card()

    def on_card_keys_laid(self) -> None:
        """Fit the card again: the number of lines for the keys is known now."""
        self._fit_card()

    def _fit_card(self) -> None:
        width = self.query_one("#session").size.width
        low, tiny = self.has_class("-low"), self.has_class("-tiny")
        self.query_one(CardBox).fit(width, self.size.height, low=low, tiny=tiny)

    def on_screen_suspend(self) -> None:
        """Take away the keys that do not work under a dialog."""
        self._paint_hints()

    def _paint_hints(self) -> None:
        if self.app.screen is not self:
            self.line("hints").put([])
            return
        styles = ink_of(self.app)
        pane = "request" if self.focused is self.request else self.panes.current or ""
        filtering = isinstance(self.focused, FilterLine)
        place = "filter" if filtering else pane if self.zone == "view" else self.zone
        extra = f"{self.store.fitting_words}by {self.store.view.by} "
        self.line("hints").put(*header.hints(self.keys, place, styles, self.size.width, extra))

    def _swap_draft(self) -> None:
        """Keep what was typed for each session."""
        if self.shown is not None:
            self._drafts[self.shown] = self.prompt.text
        self.shown = self.store.selected
        self.prompt.text = self._drafts.pop(self.shown or "", "")

    def keep_draft(self, session: str, text: str) -> None:
        """Put a text that could not be sent back where it was typed."""
        if session == self.shown and self.prompt.is_empty:
            self.prompt.text = text
        else:
            self._drafts[session] = "\n".join(t for t in (text, self._drafts.get(session)) if t)


def _placeholder(state: SessionState) -> str:
    return f"reply to {state.session.name or state.id} …"
