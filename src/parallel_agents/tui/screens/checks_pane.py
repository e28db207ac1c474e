"""The checks of the shown session.

Keep true: nothing is asked while nobody looks; an output is read only as far as it is shown, and
again when it has grown; another session's output is never shown under this one's name.
"""

import time
from collections.abc import Coroutine
from functools import partial

from parallel_agents.core.ids import new_uuid
from parallel_agents.core.state import SessionState
from parallel_agents.tui.content.check_lines import Shown, is_open
from parallel_agents.tui.model.commands import Commands
from parallel_agents.tui.model.workers import alone
from parallel_agents.tui.screens.pane import Pane
from parallel_agents.tui.widgets.checks_view import ChecksView
from parallel_agents.wire import messages as m


class ChecksPane(Pane):
    """Reads the checks and shows them."""

    name = "checks"
    title = "Checks"
    view: ChecksView

    def __init__(self, commands: Commands) -> None:
        super().__init__(commands, ChecksView(self.run, self.stop, id="checks"))
        self._state: SessionState | None = None
        self._checks: m.CheckList | None = None
        self._listed: object = None
        self._outputs: dict[str, str] = {}
        self._read: dict[str, object] = {}

    def follow(self, state: SessionState) -> None:
        """List the checks again when they may be others, and read what was printed since."""
        if self._state is None or state.id != self._state.id:
            self._checks, self._outputs, self._read = None, {}, {}
            self.view.begin()
        self._state = state
        stamp = (state.id, state.place.worktree, state.place.creating, state.checks.busy)
        if stamp != self._listed:
            self._listed = stamp
            alone(self.view, partial(self._list, state.id), "checks")
        self._paint()
        due = [name for name in self._open() if self._stamp(name) != self._read.get(name)]
        if due:
            alone(self.view, partial(self._read_outputs, state.id, due), "outputs")

    def _paint(self) -> None:
        if self._state is not None:
            shown = Shown(self._checks, self._state.checks, self._outputs)
            self.view.show(shown, time.time_ns() // 1_000_000)

    def _open(self) -> list[str]:
        """The checks whose output is shown as it grows: the one that runs, the last that failed."""
        if self._state is None or self._checks is None:
            return []
        facts = self._state.checks
        failed = [each.name for each in facts.results if each.failed][-1:]
        running = [facts.running.name] if facts.running is not None else []
        shown = Shown(self._checks, facts, self._outputs)
        return [name for name in dict.fromkeys((*running, *failed)) if is_open(shown, name)]

    def _stamp(self, name: str) -> object:
        """What the output of a check depends on."""
        facts = self._state.checks if self._state is not None else None
        if facts is None:
            return None
        running = facts.running if facts.running and facts.running.name == name else None
        result = facts.result(name)
        return (running, result.started_at if result is not None else 0)

    async def _list(self, session: str) -> None:
        reply = await self.commands.ask(m.ListChecks(session=session))
        if reply is not None and self._is_shown(session):
            self._checks = reply
            self._paint()

    async def _read_outputs(self, session: str, names: list[str]) -> None:
        for name in names:
            stamp = self._stamp(name)
            message = m.ReadCheckOutput(session=session, name=name, offset=-1)
            page = await self.commands.ask(message)
            if not self._is_shown(session):
                return
            self._read[name] = stamp  # also of one that cannot be read, so that it is said once
            if page is None:
                continue
            cut = "… the beginning is left out\n" if page.start else ""
            self._outputs[name] = cut + page.text
        self._paint()

    def _is_shown(self, session: str) -> bool:
        return self._state is not None and self._state.id == session

    # --- keys -----------------------------------------------------------------------------

    def run(self, name: str = "") -> None:
        """Run one check, or all of them."""
        if self._state is not None:
            names = (name,) if name else ()
            self._later(self.commands.run_checks(self._state.id, names))

    def stop(self) -> None:
        """Stop the checks."""
        if self._state is not None:
            message = m.StopChecks(key=new_uuid(), session=self._state.id)
            self._later(self.commands.ask(message))

    def _later(self, work: Coroutine[None, None, object]) -> None:
        self.view.run_worker(work)
