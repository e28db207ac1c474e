"""What keys do to the rows of the list: going through them, and opening and closing groups.

Keep true: a session is never chosen by closing its group, nor by going past it; what is done to
several sessions is asked once, about the sessions that were there when the key was pressed.
"""

import contextlib
from collections.abc import Sequence

from textual import events

from parallel_agents.core.columns import Column, read_columns
from parallel_agents.core.errors import UserError
from parallel_agents.core.state import SessionState
from parallel_agents.tui.model.layout import READABLE
from parallel_agents.tui.model.list_rows import Place, moved, section_of
from parallel_agents.tui.screens import board
from parallel_agents.tui.screens.several import SeveralDialog
from parallel_agents.tui.screens.verbs import Verbs
from parallel_agents.tui.text.styles import ink_of
from parallel_agents.wire.messages import Status

LEFT_TO_PANES = 2 * READABLE + 6
"""Columns that stay for two panes and the lines between them, however wide the list is."""

COLUMNS_FROM = 220
"""Columns of the terminal from which the list shows more than names."""

LIST_WIDTH = 100
"""The most columns of the list: a name, and what is shown beside it."""


class ListKeys(Verbs):
    """The board with the keys of the list."""

    _columns: tuple[Column, ...] | None = None

    def on_resize(self, event: events.Resize) -> None:
        """Give the list more room on a wide screen."""
        wide = event.size.width >= COLUMNS_FROM
        self.set_class(wide, "-columns")
        room = min(event.size.width - LEFT_TO_PANES, LIST_WIDTH)
        self.sidebar.styles.width = room if wide else None

    def paint(self) -> None:
        """Show what the store knows now, on a wide screen with the columns of the settings."""
        wide = self.has_class("-columns")
        if wide and self._columns is None and self.store.ready and self.store.problem is None:
            self._columns = ()
            self.later(self._learn_columns())
        self.sidebar.columns = (self._columns or ()) if wide else ()
        super().paint()

    async def _learn_columns(self) -> None:
        with contextlib.suppress(UserError):  # the list does without them
            setting = (await self.store.ask(Status())).config.get("list_columns")
            self._columns = (setting and read_columns(setting.value)) or ()
            self.wake()

    def step(self, step: int) -> None:
        """Select another row.

        Args:
            step: how many rows down; up if negative.
        """
        rows = self.store.stops()
        if not rows:
            return
        here = self.store.cursor(self.store.rows())
        at = rows.index(here) if here in rows else -step
        self._point(rows[max(0, min(at + step, len(rows) - 1))])

    def _point(self, place: Place) -> None:
        if place.kind == "session":
            self.choose(place.key)
        else:
            self.store.point(place)

    def turn_group(self) -> bool:
        """Open or close the selected group; returns whether one is selected."""
        rows = self.store.rows()
        cursor = self.store.cursor(rows)
        part = section_of(rows, cursor)
        if cursor.kind == "session" or part is None:
            return False
        if cursor.kind == "rest":
            self.choose(part.hidden[0])
            self.look(self.store.view.unfold(cursor.key))
        else:
            self._collapse(cursor.key, collapsed=not part.collapsed)
        return True

    def _collapse(self, key: str, *, collapsed: bool) -> None:
        if self.store.filter:
            self.commands.say("Groups stay open while a filter counts. Esc shows all sessions.")
            return
        self.look(self.store.view.turned(key, collapsed=collapsed))

    def do_go_right(self) -> None:
        """Go into the session; open the group, or go to its first session."""
        rows = self.store.rows()
        cursor = self.store.cursor(rows)
        part = section_of(rows, cursor)
        if cursor.kind == "title" and part is not None and not part.collapsed:
            self.choose(part.section.sessions[0])
        elif not self.turn_group():
            self.go_in()

    def do_go_left(self) -> None:
        """Select the group of the session; close the group."""
        rows = self.store.rows()
        cursor = self.store.cursor(rows)
        part = section_of(rows, cursor)
        if part is None:
            return
        if cursor.kind == "title":
            self._collapse(cursor.key, collapsed=True)
        else:
            self.store.point(Place("title", part.section.key))

    def do_move_up(self) -> None:
        """Move the session up in its group."""
        self._move(-1)

    def do_move_down(self) -> None:
        """Move the session down in its group."""
        self._move(1)

    def _move(self, step: int) -> None:
        rows = self.store.rows()
        cursor = self.store.cursor(rows)
        part = section_of(rows, cursor)
        if cursor.kind != "session" or part is None:
            return
        if self.store.filter:
            self.commands.say("The order stays while a filter counts.", topic="key")
            return
        if part.section.key == "needs":
            self.commands.say("These are ordered by how long they wait.", topic="key")
            return
        order = moved(part.section, cursor.key, step)
        self.look(self.store.view.reorder(part.section.key, order))

    def do_return(self) -> None:
        """Go to the session that was shown before."""
        if (session := self.store.before()) is not None:
            self.choose(session)

    def on_sidebar_due(self) -> None:
        """Count down in the rows."""
        self.paint_list()

    # --- several sessions ---------------------------------------------------------------------

    def do_mark(self) -> None:
        """Mark or unmark the session, and go on to the next; or the whole group."""
        if sessions := self._of_group():
            self.store.mark(sessions)
        elif self.store.selected is not None:
            self.store.mark((self.store.selected,))
            self.step(1)

    def do_clear_filter(self) -> None:
        """Unmark all sessions; without marks, show all sessions again."""
        if self.store.marks:
            self.store.unmark_all()
        else:
            self.store.put_filter("")

    def targets(self) -> list[SessionState]:
        """Facts of all sessions that a key is meant for; none if it is the selected one alone.

        Those are the sessions of the selected group, or else the marked ones, in the list only.
        """
        if self.zone != "list":
            return []
        sessions = self._of_group() or self.store.marked()
        return [self.store.mirror.sessions[session] for session in sessions]

    def _of_group(self) -> tuple[str, ...]:
        """Ids of the sessions of the selected group; none if a session is selected."""
        rows = self.store.rows()
        cursor = self.store.cursor(rows)
        part = section_of(rows, cursor)
        if cursor.kind == "session" or part is None:
            return ()
        return part.hidden if cursor.kind == "rest" else part.section.sessions

    async def choose_for(
        self, question: str, choices: Sequence[tuple[str, str]], states: list[SessionState]
    ) -> str | None:
        """Ask what happens to several sessions; returns the choice, or None."""
        count = "this session" if len(states) == 1 else f"these {len(states)} sessions"
        dialog = SeveralDialog(
            f"{question} {count}?", choices, states, board.now_ms(), ink_of(self.app)
        )
        chosen = await self.ask_person(dialog)
        if chosen is not None:
            self.store.unmark_all()
        return chosen

    def do_stop(self) -> None:
        """Stop the session; twice, delete it. Of several, ask which of the two."""
        if states := self.targets():
            self.later(self._stop_several(states))
        else:
            super().do_stop()

    async def _stop_several(self, states: list[SessionState]) -> None:
        choices = (("stop", "end their processes"), ("delete", "move them to the trash"))
        chosen = await self.choose_for("Stop or delete", choices, states)
        sessions = [state.id for state in states]
        if chosen == "stop":
            await self.commands.stop_several(sessions)
        elif chosen == "delete":
            await self.commands.delete_several(sessions)

    def do_pin(self) -> None:
        """Pin or unpin; several only after a question."""
        if states := self.targets():
            self.later(self._pin_several(states))
        else:
            super().do_pin()

    async def _pin_several(self, states: list[SessionState]) -> None:
        pinned = not all(state.session.pinned for state in states)
        verb = "pin" if pinned else "unpin"
        if await self.choose_for(verb.capitalize(), ((verb, ""),), states) == verb:
            await self.commands.pin_several([state.id for state in states], pinned=pinned)
