"""What the screen knows: the facts of all sessions, the selection, the open conversation.

Keep true: no widgets here and no guesses: a change is shown only when its event has come back; the
selection is a session's id and follows the session; only what panes show is read.
"""

import os
from collections.abc import Callable, Iterable
from typing import TypeVar

from parallel_agents.client.mirror import Mirror
from parallel_agents.core.errors import UserError
from parallel_agents.core.state import SessionState
from parallel_agents.tui.model import grouping, list_rows
from parallel_agents.tui.model.backend import Backend
from parallel_agents.tui.model.conversation import Conversation
from parallel_agents.tui.model.kept_view import KeptView
from parallel_agents.tui.model.list_filter import keep
from parallel_agents.tui.model.list_rows import Place, Rows
from parallel_agents.tui.model.offers import Agents
from parallel_agents.tui.model.open_conversation import OpenConversation
from parallel_agents.wire.messages import Follow, ListAgents
from parallel_agents.wire.pushes import (
    DeltaPush,
    ProgressPush,
    Push,
    ReadyPush,
    RecordPush,
    StatePush,
)
from parallel_agents.wire.request import Request

R = TypeVar("R")

VISITED = 20
"""How many of the sessions selected before are remembered."""


class Store:
    """The state of the screen.

    Args:
        wake: called whenever something changes; this may be very often.

    Attributes:
        mirror: facts of all sessions.
        selected: id of the selected session.
        view: how the list is looked at.
        filter: the text that sessions must fit to be in the list; empty for all.
        opened: the conversation of the selected session.
        beside: the conversation of another session that stays on the screen; None for none.
        marks: ids of the sessions that the user marked.
        ready: whether the supervisor has sent every session.
        reading: whether it still has sessions to send over this connection.
        problem: why there is no connection; None while there is one.
        agents: the agents that can be driven.
        successor: the session that was selected because the one before it went; None once a person
            has selected another.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self.mirror = Mirror()
        self.selected: str | None = None
        self.view = KeptView()
        self.filter = ""
        self.opened: OpenConversation | None = None
        self.beside: OpenConversation | None = None
        self.ready = False
        self.reading = False
        self.problem: UserError | None = None
        self.backend: Backend | None = None
        self.agents = Agents()
        self.successor: str | None = None
        self.marks: frozenset[str] = frozenset()
        self._heading: Place | None = None
        self._arranged: tuple[tuple[str, KeptView], list[grouping.Section]] | None = None
        self._visited: list[str] = []
        self._awaited: str | None = None
        self._neighbours: list[str] = []

    # --- what comes in ------------------------------------------------------------------------

    def connected(self) -> None:
        """Note a new connection: the open conversation is read again."""
        self.problem = None
        self.reading = True
        self.read_again()
        self.agents.stale = True
        self._wake()

    def disconnected(self, error: UserError) -> None:
        """Keep what is shown, and say that it may be out of date."""
        self.problem = error
        self._wake()

    def pushed(self, push: Push) -> None:
        """Apply a push from the supervisor."""
        before = self.sections() if self._may_take_selected(push) else []
        self._arranged = None
        self.mirror.apply(push)
        match push:
            case RecordPush(session=session, record=record):
                for opened in self._of(session):
                    opened.take(record)
            case DeltaPush(session=session, delta=delta):
                for opened in self._of(session):
                    opened.stream(delta)
            case ReadyPush():
                self.ready, self.reading = True, False
            case StatePush(state=state):
                for opened in self._of(state.id):
                    opened.resynchronised(state)
            case ProgressPush():
                pass
        if self.beside is not None and not self._present(self.beside.session):
            self.beside = None
        self._keep_selection(before)
        self._wake()

    def _may_take_selected(self, push: Push) -> bool:
        """Whether a push may remove the selected session; partial text comes too often to check."""
        if self.selected not in self.mirror.sessions:
            return False
        match push:
            case RecordPush(session=session):
                return session == self.selected
            case StatePush(state=state):
                return state.id == self.selected
            case ReadyPush():
                return True
            case _:
                return False

    def _keep_selection(self, before: list[grouping.Section]) -> None:
        """Select the nearest neighbour if the selected session is gone."""
        if self._awaited is not None and self._present(self._awaited):
            awaited, self._awaited = self._awaited, None
            self.select(awaited)
        if self._present(self.selected):
            return
        nearest = self._neighbours or grouping.neighbours(before, self.selected)
        chosen = next((session for session in nearest if self._present(session)), None)
        self.select(chosen or (next(iter(self.order()), None) if self.ready else None))
        self.successor = self.selected

    def hold_place(self) -> None:
        """Remember who stands beside the selected session: a stop may move its row elsewhere."""
        self._neighbours = grouping.neighbours(self.sections(), self.selected)

    def _present(self, session: str | None) -> bool:
        state = self.mirror.sessions.get(session or "")
        return state is not None and grouping.listed(state)

    # --- conversations ------------------------------------------------------------------------

    @property
    def _shown(self) -> list[OpenConversation]:
        return [opened for opened in (self.opened, self.beside) if opened is not None]

    def _of(self, session: str) -> list[OpenConversation]:
        return [opened for opened in self._shown if opened.session == session]

    @property
    def conversation(self) -> Conversation | None:
        """What has been read of the selected session."""
        return self.opened.conversation if self.opened is not None else None

    @property
    def gap(self) -> bool:
        """Whether something is missing of what panes show."""
        return any(opened.gap for opened in self._shown)

    def read_again(self, *, missing: bool = True) -> None:
        """Note that what panes show must be read again, or that it cannot be read."""
        for opened in self._shown:
            opened.gap = missing

    def put_beside(self, session: str | None) -> None:
        """Keep a session's conversation on the screen beside the selected one; None for none."""
        self.beside = OpenConversation(session) if session else None
        self.read_again()
        self._wake()

    # --- what is shown ------------------------------------------------------------------------

    @property
    def state(self) -> SessionState | None:
        """Facts of the selected session."""
        return self.mirror.sessions.get(self.selected or "")

    def sections(self) -> list[grouping.Section]:
        """Group the list; arranged once for each push, filter and view."""
        asked = (self.filter, self.view)
        if self._arranged is None or self._arranged[0] != asked:
            self._arranged = (asked, self._arrange())
        return self._arranged[1]

    def _arrange(self) -> list[grouping.Section]:
        fitting = keep(self.filter, self.mirror.sessions.values())
        placed = self.view.placed
        return [
            list_rows.put_in_order(section, placed.get(section.key, ()))
            for section in grouping.arrange(fitting, self.view.by)
        ]

    def rows(self) -> list[Rows]:
        """Lay out the rows of the list; a filter opens every group."""
        sections = self.sections()
        if self.filter:
            return [Rows(section, section.sessions) for section in sections]
        view, chosen = self.view, self.selected if self._heading is None else None
        states = self.mirror.sessions
        return list_rows.lay_out(sections, states, view.collapsed, view.unfolded, chosen)

    def cursor(self, rows: list[Rows]) -> Place:
        """The selected row: a group's while there is one, else the selected session's."""
        if self._heading is not None and list_rows.section_of(rows, self._heading):
            return self._heading
        return Place("session", self.selected or "")

    def stops(self) -> list[Place]:
        """List the rows that the arrows go through, from top to bottom."""
        rows = self.rows()
        return list_rows.stops(rows, self.cursor(rows))

    def point(self, heading: Place) -> None:
        """Select a row that is no session; the selected session stays shown beside the list."""
        self._heading = heading
        self._wake()

    def mark(self, sessions: Iterable[str]) -> None:
        """Mark sessions, or unmark them if all of them are marked."""
        asked = frozenset(sessions)
        self.marks = self.marks - asked if asked <= self.marks else self.marks | asked
        self._wake()

    def unmark_all(self) -> None:
        """Mark no session."""
        self.marks = frozenset()
        self._wake()

    def marked(self) -> list[str]:
        """List the marked sessions that are in the list, from top to bottom."""
        return [session for session in self.order() if session in self.marks]

    def before(self) -> str | None:
        """The session that was selected before this one, and is still there."""
        past = (s for s in reversed(self._visited) if s != self.selected and self._present(s))
        return next(past, None)

    def look(self, view: KeptView) -> None:
        """Look at the list in another way."""
        self.view = view
        self._wake()

    @property
    def fitting_words(self) -> str:
        """How many sessions are marked, and fit the filter; empty without either."""
        marked = f"{len(self.marked())} marked · " if self.marks else ""
        if not self.filter:
            return marked
        everyone = sum(map(grouping.listed, self.mirror.sessions.values()))
        return f"{marked}{len(self.order())} of {everyone} · "

    def put_filter(self, text: str) -> None:
        """Filter the list; the first session that fits is selected if the selected one does not."""
        self.filter = text.strip()
        order = self.order()
        if order and self.selected not in order:
            self.select(order[0])
        self._wake()

    def order(self) -> list[str]:
        """List all ids from top to bottom."""
        return grouping.in_order(self.sections())

    def select(self, session: str | None) -> None:
        """Select a session; from now on its conversation is read."""
        if self._heading is not None:
            self._heading = None
            self._wake()
        if session == self.selected:
            return
        if session is not None and self.filter and session not in self.order():
            self.filter = ""  # nothing that is shown is hidden in the list
        self._visited = [*self._visited[1 - VISITED :], self.selected or ""]
        self.selected, self.successor, self._neighbours = session, None, []
        self.opened = OpenConversation(session) if session else None
        self._wake()

    def select_when_there(self, session: str) -> None:
        """Select a session that was just dispatched, as soon as its first event arrives."""
        if self._present(session):
            self.select(session)
        else:
            self._awaited = session

    # --- what is asked ------------------------------------------------------------------------

    async def ask(self, message: Request[R]) -> R:
        """Send a request to the supervisor.

        Raises:
            UserError: the supervisor refused, or there is no connection.
        """
        assert self.backend is not None  # noqa: S101 - the app wires it before anything runs
        return await self.backend.request(message)

    async def learn_agents(self) -> None:
        """Ask which agents there are, and whether they are installed.

        Raises:
            UserError: there is no answer.
        """
        self.agents.stale = False
        before = self.agents.missing
        self.agents.put(await self.ask(ListAgents(environment=dict(os.environ))))
        if self.agents.missing != before:  # the main screen shows nothing else of it
            self._wake()

    async def read(self) -> None:
        """Follow what panes show, and read what is missing of it.

        Raises:
            UserError: it could not be read; `gap` then stays set.
        """
        await self.ask(Follow(sessions=tuple(dict.fromkeys(o.session for o in self._shown))))
        for opened in self._shown:
            if opened.gap:
                await opened.read(self.ask)
                if opened in self._shown:
                    self._wake()

    async def read_older(self, opened: OpenConversation | None, seq: int = 0) -> None:
        """Read the page before what is shown of a conversation.

        Args:
            opened: the conversation; None for none.
            seq: number of a record that the page shall reach back to, if that is possible at once.

        Raises:
            UserError: it could not be read.
        """
        done = opened is not None and await opened.read_older(self.ask, seq)
        if done and opened in self._shown:
            self._wake()
