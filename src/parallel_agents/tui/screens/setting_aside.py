"""Keys that put sessions out of the way.

Keep true: the selection does not follow a session that is put out of the way.
"""

from parallel_agents.core.aside import aside
from parallel_agents.core.durations import read_duration
from parallel_agents.core.errors import UsageError
from parallel_agents.core.state import SessionState
from parallel_agents.core.text import safe_line
from parallel_agents.tui.model.grouping import listed, needs_person, neighbours
from parallel_agents.tui.screens import board
from parallel_agents.tui.screens.confirm import LineDialog
from parallel_agents.tui.screens.list_keys import ListKeys


class SettingAside(ListKeys):
    """The board with the archive and the snoozed sessions."""

    def do_archive(self) -> None:
        """Archive or take back; several only after a question."""
        if states := self.targets():
            self.later(self._archive_several(states))
        elif (state := self.current()) is not None:
            self.later(self._archive(state))

    async def _archive(self, state: SessionState) -> None:
        archived = not state.session.archived
        nearest = neighbours(self.store.sections(), state.id)
        if await self.commands.archive([state.id], archived=archived) and archived:
            self._leave(state.id, nearest)

    async def _archive_several(self, states: list[SessionState]) -> None:
        archived = not all(state.session.archived for state in states)
        verb, does = ("archive", "put them out of the list") if archived else ("take back", "")
        if await self.choose_for(verb.capitalize(), ((verb, does),), states) != verb:
            return
        sessions = [state.id for state in states]
        nearest = neighbours(self.store.sections(), self.store.selected)
        await self.commands.archive(sessions, archived=archived)
        if archived and self.store.selected in sessions:
            self._leave(self.store.selected, nearest)

    def do_snooze(self) -> None:
        """Snooze for some time, or wake."""
        if (state := self.current()) is not None:
            self.later(self._snooze(state))

    async def _snooze(self, state: SessionState) -> None:
        if state.session.snoozed_until:
            await self.commands.snooze(state.id, 0)
            return
        name = safe_line(state.session.name or state.id)
        text = await self.ask_person(LineDialog(f"Snooze {name} for (30m, 2h, 1d)", "2h"))
        if text is None:
            return
        try:
            until = board.now_ms() + read_duration(text)
        except UsageError as error:
            self.commands.complain(error)
            return
        nearest = neighbours(self.store.sections(), state.id)
        if await self.commands.snooze(state.id, until):
            self._leave(state.id, nearest)

    def _leave(self, session: str, nearest: list[str]) -> None:
        """Select the nearest session that is not put aside, if this one is still selected."""
        states = self.store.mirror.sessions
        if self.store.selected != session or needs_person(states[session]):
            return
        there = (states[s] for s in nearest if s in states and s != session)
        stay = next((state for state in there if listed(state) and aside(state) is None), None)
        if stay is not None:
            self.choose(stay.id)
