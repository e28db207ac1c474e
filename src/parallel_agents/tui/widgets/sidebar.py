"""The list of sessions: a single line view for any number of them.

Keep true: a row shows facts that came back from the supervisor; a sign's shape, never its colour
alone, tells whether the process lives; only visible lines are painted.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import NamedTuple

from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer

from parallel_agents.core.aside import aside
from parallel_agents.core.columns import Column
from parallel_agents.core.label import derive, since
from parallel_agents.core.state import SessionState
from parallel_agents.tui.content.list_columns import cells_of, fitting, padded
from parallel_agents.tui.model.check_words import check_words
from parallel_agents.tui.model.grouping import work_of
from parallel_agents.tui.model.list_rows import Place, Rows
from parallel_agents.tui.model.row_words import MINUTE_MS, counts_down, doing
from parallel_agents.tui.text.ages import age
from parallel_agents.tui.text.patch_lines import line_counts
from parallel_agents.tui.text.spans import Span, cells, clip_path, flat, over, row
from parallel_agents.tui.text.styles import Ink, ink_of

_RIGHT = 16
"""Cells of the changed lines and the age, when columns stand before them."""

_MARKS = {"needs": "?", "failed": "✗", "done": "✓", "review": "✓"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list.

    Attributes:
        place: what is selected with it; None for a gap.
        left: spans at the left.
        right: spans at the right.
        first: whether it is the row's first line.
    """

    place: Place | None
    left: tuple[Span, ...]
    right: tuple[Span, ...] = ()
    first: bool = False


class _Row(NamedTuple):
    """The lines of a session, and what they were made of."""

    state: SessionState
    styles: Ink
    basis: tuple[tuple[int, int] | None, int, tuple[Column, ...]]
    lines: list[Entry]


class Sidebar(ScrollView, can_focus=True, inherit_bindings=False):
    """The list.

    Attributes:
        columns: what it shows beside the names, as far as there is room.
    """

    class Chosen(Message):
        """A row was clicked."""

        def __init__(self, session: str, *, enter: bool) -> None:
            super().__init__()
            self.session = session
            self.enter = enter

    class Due(Message):
        """A row counts down, and a second is over."""

    class Turned(Message):
        """A group's title was clicked, or the line that stands for its other sessions."""

        def __init__(self, place: Place) -> None:
            super().__init__()
            self.place = place

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._entries: list[Entry] = []
        self._strips: dict[int, Strip] = {}
        self._stamp: object = None
        self._cursor = Place("session", "")
        self._countdown: Timer | None = None
        self._rows: dict[str, _Row] = {}
        self.columns: tuple[Column, ...] = ()

    def show(
        self,
        rows: list[Rows],
        states: dict[str, SessionState],
        progress: dict[str, tuple[int, int]],
        cursor: Place,
        now: int,
        marks: Collection[str] = (),
    ) -> None:
        """Show these sessions; repaint nothing if nothing changed.

        Args:
            rows: the list, laid out.
            states: facts by id.
            progress: for worktrees being created: files done, and files in all.
            cursor: the selected row.
            now: milliseconds since 1970.
            marks: ids of the marked sessions.
        """
        styles = ink_of(self.app)
        if len(self._rows) > 2 * len(states):
            self._rows.clear()
        entries: list[Entry] = []
        for part in rows:
            known = [self._row(states[s], progress.get(s), now, styles) for s in part.shown]
            entries += _section(part, known, states, styles, gap=bool(entries))
        if marks:
            entries = [_marked(entry, marks, styles) for entry in entries]
        moved = cursor != self._cursor
        self._count_down(any(counts_down(states[s], now) for part in rows for s in part.shown))
        if entries == self._entries and not moved:
            return
        changed = [
            i for i, e in enumerate(entries) if i >= len(self._entries) or e != self._entries[i]
        ]
        for index in changed:
            self._strips.pop(index, None)
        self._entries, self._cursor = entries, cursor
        size = Size(self.scrollable_content_region.width, len(entries))
        if size != self.virtual_size:
            self.virtual_size = size
        if moved:
            self._strips.clear()
            self._into_view()
        self.refresh()

    def _row(
        self, state: SessionState, progress: tuple[int, int] | None, now: int, styles: Ink
    ) -> list[Entry]:
        """Make the lines of a session, once for each second in which its facts stay the same."""
        known = self._rows.get(state.id)
        columns = fitting(self.columns, self.scrollable_content_region.width)
        basis = (progress, now // 1000, columns)
        if known is None or known.state is not state or known[1:3] != (styles, basis):
            lines = _session(state, progress, now, columns, styles)
            known = self._rows[state.id] = _Row(state, styles, basis, lines)
        return known.lines

    def _count_down(self, counting: bool) -> None:
        """Have a timer while a row counts down, and none otherwise."""
        if counting and self._countdown is None:
            self._countdown = self.set_interval(1.0, lambda: self.post_message(self.Due()))
        elif not counting and self._countdown is not None:
            self._countdown.stop()
            self._countdown = None

    @property
    def page(self) -> int:
        """How many sessions to go for a page: as many as are in view, less one to see where."""
        top = self.scroll_offset.y
        shown = self._entries[top : top + self.scrollable_content_region.height]
        sessions = [e for e in shown if e.first and e.place and e.place.kind == "session"]
        return max(len(sessions) - 1, 1)

    def _into_view(self) -> None:
        rows = [i for i, entry in enumerate(self._entries) if entry.place == self._cursor]
        height = self.scrollable_content_region.height
        if not rows or not height:
            return
        top, bottom = rows[0], rows[-1] + 1
        # Bring the title above a group's first session into view with it.
        above = self._entries[top - 1].place if top else None
        if above is not None and above.kind == "title" != self._cursor.kind:
            top -= 1
        if top < self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, immediate=True)
        elif bottom > self.scroll_offset.y + height:
            self.scroll_to(y=bottom - height, animate=False, immediate=True)

    def on_resize(self) -> None:
        """Keep the selected row in view."""
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._entries))
        self._into_view()

    def render_line(self, y: int) -> Strip:
        """Paint one visible line."""
        index = y + self.scroll_offset.y
        width = self.scrollable_content_region.width
        stamp = (width, self.has_focus, self.app.theme, self.rich_style)
        if stamp != self._stamp:
            self._strips.clear()
            self._stamp = stamp
        if not 0 <= index < len(self._entries) or width < 1:
            return Strip.blank(width, self.rich_style)
        strip = self._strips.get(index)
        if strip is None:
            strip = self._strips[index] = self._paint(self._entries[index], width)
        return strip

    def _paint(self, entry: Entry, width: int) -> Strip:
        styles = ink_of(self.app)
        chosen = entry.place == self._cursor
        bar = "▌" if chosen and entry.first else " "
        left = list(entry.left)
        if left and not entry.right:
            text, style = left[-1].text, left[-1].style
            left[-1] = Span(clip_path(text, width - 2 - cells(left[:-1])), style)
        strip = row(
            [Span(bar, styles.link if self.has_focus else styles.muted), *left],
            [*entry.right],
            width - 1,
        ).extend_cell_length(width)
        if chosen:
            strip = over(strip, styles.on_cursor)
        return strip.apply_style(self.rich_style)

    def on_click(self, event: events.Click) -> None:
        """Select the clicked row; a double click goes in, and one click opens or closes a group."""
        index = event.y + self.scroll_offset.y
        place = self._entries[index].place if 0 <= index < len(self._entries) else None
        if place is None:
            return
        if place.kind == "session":
            self.post_message(self.Chosen(place.key, enter=event.chain > 1))
        else:
            self.post_message(self.Turned(place))


def _section(
    part: Rows,
    sessions: list[list[Entry]],
    states: dict[str, SessionState],
    styles: Ink,
    *,
    gap: bool,
) -> list[Entry]:
    """The lines of a section; a gap before it if there is one above."""
    entries = [Entry(None, ())] if gap else []
    entries.append(_title(part, states, styles))
    for lines in sessions:
        entries += lines
    if part.hidden and not part.collapsed:
        rest = Place("rest", part.section.key)
        more = Span(f"… {len(part.hidden)} more", styles.muted)
        entries.append(Entry(rest, (more,), first=True))
    return entries


def _marked(entry: Entry, marks: Collection[str], styles: Ink) -> Entry:
    """Show with a sign of its own that a session is marked."""
    if not entry.first or entry.place is None or entry.place.key not in marks:
        return entry
    sign, *rest = entry.left
    return replace(entry, left=(sign, Span("◆ ", styles.link), *rest))


def _title(rows: Rows, states: dict[str, SessionState], styles: Ink) -> Entry:
    section = rows.section
    place, words = Place("title", section.key), flat(section.title, styles.muted)
    if not rows.collapsed:
        return Entry(place, (words,), first=True)
    news = sum(states[session].unread for session in section.sessions)
    unread = (Span(f"{news} unread · ", styles.strong),) if news else ()
    count = Span(f"{len(section.sessions)} ", styles.muted)
    return Entry(place, (Span("▸ ", styles.muted), words), (*unread, count), first=True)


def _session(
    state: SessionState,
    progress: tuple[int, int] | None,
    now: int,
    columns: tuple[Column, ...],
    styles: Ink,
) -> list[Entry]:
    group = work_of(state)
    needs = group in {"needs", "failed"}
    style = styles.need if group == "needs" else styles.bad if group == "failed" else styles.muted
    name = styles.strong if needs or state.unread else styles.text
    left = (
        Span(f"{mark(state)} ", style),
        flat(state.session.name or state.id, name),
        *((Span(" ⌃", styles.muted),) if state.session.pinned else ()),
    )
    place = Place("session", state.id)
    right = _right(state, now, styles)
    if columns:
        right = [*cells_of(state, columns, styles), *padded(right, _RIGHT, styles)]
    first = Entry(place, left, tuple(right), first=True)
    detail = doing(state, now, progress)
    quiet = group in {"done", "idle"} and not check_words(state)
    if not detail or quiet or aside(state) is not None:
        return [first]
    shown = styles.need if group == "needs" else styles.muted
    return [first, Entry(place, (Span("  ", styles.text), flat(detail, shown)))]


def mark(state: SessionState) -> str:
    """Return one sign: `?` asks, `✗` failed, `✓` done, else `●` a live process or `○` none.

    Finished work whose process was stopped has `○`.
    """
    group = work_of(state)
    if group in {"review", "done"} and derive(state).state == "stopped":
        return "○"
    return _MARKS.get(group) or ("●" if state.process.is_there or state.place.creating else "○")


def _right(state: SessionState, now: int, styles: Ink) -> list[Span]:
    changes = state.place.changes
    counts = line_counts(changes.insertions, changes.deletions, styles) if changes.files else []
    if aside(state) == "snoozed":
        left = state.session.snoozed_until - now
        return [*counts, Span(f" for {_coarse(left)}", styles.muted)]
    return [*counts, Span(f" {_coarse(now - since(state)):>3}", styles.muted)]


def _coarse(milliseconds: int) -> str:
    """Format an age so that it stays true until the list updates the ages again."""
    return "now" if milliseconds < MINUTE_MS else age(milliseconds)
