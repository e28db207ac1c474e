"""Worktree, costs, process and landing of the shown session.

Keep true: nothing is asked while nobody looks; the disk is counted once for each change of work.
"""

from functools import partial

from parallel_agents.core.state import SessionState
from parallel_agents.tui.model.commands import Commands
from parallel_agents.tui.model.workers import alone
from parallel_agents.tui.screens.pane import Pane
from parallel_agents.tui.widgets.info_view import InfoView
from parallel_agents.wire.messages import DiskUse, Info


class InfoPane(Pane):
    """Reads the info and shows it."""

    name = "info"
    title = "Info"
    view: InfoView

    def __init__(self, commands: Commands) -> None:
        super().__init__(commands, InfoView(id="info"))
        self._session: str | None = None
        self._seen: SessionState | None = None
        self._counted: object = None

    def follow(self, state: SessionState) -> None:
        """Read again whatever changed."""
        if state != self._seen:
            self._seen = state
            alone(self.view, partial(self._read, state.id), "info")
        stamp = (state.id, state.place.worktree, state.place.missing, state.place.changes)
        if stamp != self._counted:
            self._counted = stamp
            alone(self.view, partial(self._count, state.id), "disk")

    async def _read(self, session: str) -> None:
        if session != self._session:
            self._session = session
            self.view.begin()
        reply = await self.commands.ask(Info(session=session))
        if reply is not None and session == self._session:
            self.view.show(reply)

    async def _count(self, session: str) -> None:
        reply = await self.commands.ask(DiskUse(session=session))
        if reply is not None and session == self._session:
            self.view.show_disk(reply)
