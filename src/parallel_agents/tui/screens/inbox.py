"""The inbox: the requests of all sessions, the longest waiting first, to decide one by one or many.

Keep true: a key decides on the request whose text is shown below the list, by the rules of
`request_card.Card`; a decision about several lists each of them in full and names each by the
digest of its input; a request that goes by itself is never replaced under a key.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence

from textual.app import ComposeResult
from textual.message import Message

from parallel_agents.core.state import Request, SessionState
from parallel_agents.tui.model.grouping import waiting
from parallel_agents.tui.model.key_table import KeyTable
from parallel_agents.tui.model.request_card import Card, Identity, Verdict, Wanted, identity_of
from parallel_agents.tui.screens.deciding_dialog import DecidingDialog
from parallel_agents.tui.text.ages import age
from parallel_agents.tui.text.lines import Block, LineView
from parallel_agents.tui.text.spans import Line, Span, flat, row
from parallel_agents.tui.text.styles import Ink, ink_of
from parallel_agents.tui.widgets.card import CardView
from parallel_agents.tui.widgets.keyed import Keyed
from parallel_agents.tui.widgets.one_line import OneLine

Pending = tuple[SessionState, Request]

ROWS = 10
"""The most requests that the list shows at a time; the rest of the dialog is for what they ask."""

SEVERAL = "several"
"""Returned when the marked requests are to be decided."""

_EMPTY = "Nothing waits for you."


class InboxList(LineView, Keyed):
    """One line for each request."""

    PLACES = ("lines", "inbox")

    class Marked(Message):
        """The request under the cursor is to be marked or unmarked, or all that are alike."""

        def __init__(self, *, alike: bool) -> None:
            super().__init__()
            self.alike = alike

    class Several(Message):
        """The marked requests are to be decided."""

    class Moved(Message):
        """The cursor came to another request."""

    def put_cursor(self, key: Hashable | None) -> None:
        """Set the cursor, and say so."""
        super().put_cursor(key)
        self.post_message(self.Moved())

    def action_mark(self, alike: bool) -> None:
        """Mark the request under the cursor, or all that ask for the same."""
        self.post_message(self.Marked(alike=alike))

    def action_decide(self) -> None:
        """Decide on the marked ones."""
        self.post_message(self.Several())

    def put(self, pending: Sequence[Pending], marked: frozenset[Identity], now: int) -> None:
        """Show the requests.

        Args:
            pending: with their sessions, in the order of the list.
            marked: those that are marked.
            now: milliseconds since 1970.
        """
        self.set_blocks([_block(state, request, marked, now) for state, request in pending])


def _block(state: SessionState, request: Request, marked: frozenset[Identity], now: int) -> Block:
    identity = identity_of(state.id, request)
    sign = "◆ " if identity in marked else "? "
    worktree = state.place.worktree
    said = request.said.replace(f"{worktree.path}/", "") if worktree is not None else request.said

    def build(width: int, ink: Ink) -> list[Line]:
        left = [
            Span(sign, ink.need),
            flat(state.session.name or state.id, ink.strong),
            flat(f"  {said}", ink.text),
        ]
        waits = [Span(f"  {age(now - request.asked_at)}", ink.muted)]
        return [Line(row(left, waits, width), target="choose")]

    return Block(identity, (identity in marked, now // 1000), build, text=said)


class InboxScreen(DecidingDialog):
    """Lists what waits, and takes decisions; returns `SEVERAL` to decide on the marked ones.

    Args:
        card: decides on the request under the cursor.
        keys: the keys that count.
        pressed: called with what a key on it means.
        states: returns the facts of all sessions.
        clock: returns milliseconds since 1970.

    Attributes:
        marked: the requests that are marked.
    """

    def __init__(
        self,
        card: Card,
        keys: KeyTable,
        pressed: Callable[[Card, Verdict | Wanted], None],
        states: Callable[[], Iterable[SessionState]],
        clock: Callable[[], int],
    ) -> None:
        super().__init__("Inbox", _hint(keys), card)
        self.marked: frozenset[Identity] = frozenset()
        self._pressed = pressed
        self._states = states
        self._clock = clock
        self._pending: list[Pending] = []

    def content(self) -> ComposeResult:
        """Create the list, and below it the request under the cursor."""
        yield InboxList()
        yield OneLine(id="where")
        yield from self.request()

    def on_mount(self) -> None:
        """Look at the first request."""
        self.query_one(InboxList).focus()
        self._follow()

    # --- what is shown ------------------------------------------------------------------------

    def follow(self) -> None:
        """Show what waits now; the cursor stays on its request, or goes to the next one."""
        if self.is_mounted and self.is_running:
            self._follow()

    def _follow(self) -> None:
        states = list(self._states())
        by_id = {state.id: state for state in states}
        before = [identity_of(state.id, request) for state, request in self._pending]
        self._pending = [(by_id[session], request) for session, request in waiting(states)]
        here = [identity_of(state.id, request) for state, request in self._pending]
        self.marked &= frozenset(here)
        places = self.query_one(InboxList)
        places.put(self._pending, self.marked, self._clock())
        places.styles.height = min(max(len(here), 1), ROWS)
        if places.cursor not in here:
            at = before.index(places.cursor) if places.cursor in before else 0
            places.put_cursor(here[min(at, len(here) - 1)] if here else None)
        self.show_request()

    def _at_cursor(self) -> Pending | None:
        cursor = self.query_one(InboxList).cursor
        found = (entry for entry in self._pending if identity_of(entry[0].id, entry[1]) == cursor)
        return next(found, None)

    def show_request(self) -> None:
        """Show the request under the cursor."""
        entry = self._at_cursor()
        self.card.show(entry[0] if entry is not None else None)
        if entry is not None:
            self.card.turn_to(entry[1].id)
        state = entry[0] if entry is not None else None
        name = (state.session.name or state.id) if state is not None else ""
        self.query_one(CardView).update(name)
        self.query_one("#where", OneLine).put(*self._where(state))
        self.paint_keys()

    def _where(self, state: SessionState | None) -> tuple[list[Span], list[Span]]:
        ink = ink_of(self.app)
        if state is None:
            return [Span(_EMPTY, ink.muted)], []
        place = state.place.worktree.path if state.place.worktree else state.place.directory
        marked = [Span(f"{len(self.marked)} marked", ink.need)] if self.marked else []
        return [flat(place, ink.muted)], marked

    # --- keys ---------------------------------------------------------------------------------

    def takes_keys(self) -> bool:
        """Always: there is no text field."""
        return True

    def is_shown(self) -> bool:
        """Whether the card shows the request under the cursor."""
        entry = self._at_cursor()
        return entry is not None and self.card.identity == identity_of(entry[0].id, entry[1])

    def decided(self, outcome: Verdict | Wanted) -> None:
        """Do what a key on the request means; the inbox stays open."""
        self._pressed(self.card, outcome)

    def skip(self) -> None:
        """Go to the next request."""
        self.query_one(InboxList).action_cursor(1)

    def on_inbox_list_moved(self) -> None:
        """Show the request that the cursor has come to."""
        if not self.is_shown():
            self.card.brought()
            self.show_request()

    def on_inbox_list_several(self) -> None:
        """Close, to decide on the marked ones."""
        if self.marked:
            self.dismiss(SEVERAL)
        else:
            self._say("x marks what is to be decided together")

    def on_inbox_list_marked(self, message: InboxList.Marked) -> None:
        """Mark or unmark; questions and plans are answered one by one."""
        entry = self._at_cursor()
        if entry is None:
            return
        alike = [e for e in self._pending if is_alike(e[1], entry[1])] if message.alike else [entry]
        if entry[1].kind != "permission":
            self._say("questions and plans are answered one by one")
            return
        self.marked ^= frozenset(identity_of(state.id, request) for state, request in alike)
        self.query_one(InboxList).put(self._pending, self.marked, self._clock())
        self.show_request()

    def _say(self, text: str) -> None:
        self.card.refusal = text
        self.paint_keys()

    def chosen_requests(self) -> list[Pending]:
        """The marked requests, in the order of the list."""
        return [e for e in self._pending if identity_of(e[0].id, e[1]) in self.marked]


def _hint(keys: KeyTable) -> str:
    mark, alike, decide = map(keys.shown, ("mark_request", "mark_alike", "decide_marked"))
    marks = f"{mark} mark   {alike} mark alike   {decide} decide on marked"
    return f"↑↓ choose   {marks}   Esc close"


def is_alike(one: Request, other: Request) -> bool:
    """Whether two requests ask for the same: the same tool for the same command or by one rule."""
    if one.kind != other.kind or one.tool_name != other.tool_name:
        return False
    same = one.input.get("command") == other.input.get("command") is not None
    return same or one.digest == other.digest or bool(one.rules and one.rules == other.rules)
