"""Makes sessions of the tasks that were sent, beside whatever the user does next.

Keep true: tasks start one after the other, in the order in which they were sent; nothing starts
before the user has trusted the repository's own settings or chosen to start without them; a task
leaves here only as a session or as text given back, also when the screen is closed.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Protocol

from parallel_agents.core.errors import UntrustedError, UserError
from parallel_agents.core.value import replace
from parallel_agents.tui.model.kept_tasks import keep, with_returned, without_returned
from parallel_agents.tui.model.offers import mode_of
from parallel_agents.tui.model.remembered import Remembered, recall, remember
from parallel_agents.tui.model.store import Store
from parallel_agents.tui.model.task import Place, Returned, Task, missing_agent, traits_of
from parallel_agents.wire import messages as m

_CLOSED = "The screen was closed before this was started; look whether the list has it."
_UNDECIDED = "The repository is not trusted yet. Enter asks."
_NO_MODE = "You have not chosen how much agents may do without asking. Enter asks."


class Listener(Protocol):
    """Is told about the tasks."""

    def tasks_changed(self) -> None:
        """Tasks wait, were started, or need the user."""

    def task_made(self, task: Task, row: m.SessionRow) -> None:
        """The session of a task is in the journal."""

    def task_given_back(self, returned: Returned) -> None:
        """A task was not started."""


class Starting:
    """The tasks on their way.

    Args:
        store: sends the requests.
        listener: is told what happens.

    Attributes:
        waiting: the tasks to start, in order.
        current: the task that is being started.
        modeless: the tasks for which the user has to choose a mode, as nobody has chosen one yet.
        untrusted: the tasks whose repository's settings the user has to decide on.
        returned: the tasks that were not started, oldest first.
    """

    def __init__(self, store: Store, listener: Listener) -> None:
        self._store = store
        self._listener = listener
        self.waiting: deque[Task] = deque()
        self.current: Task | None = None
        self.modeless: list[Task] = []
        self.untrusted: list[Task] = []
        self.returned: list[Returned] = []

    @property
    def count(self) -> int:
        """How many tasks are being started."""
        return len(self.waiting) + (self.current is not None)

    # --- starting -----------------------------------------------------------------------------

    def add(self, task: Task) -> None:
        """Take a task; `run` starts it."""
        self.waiting.append(task)
        self._listener.tasks_changed()

    def hold(self, task: Task) -> None:
        """Take a task that starts once the user has chosen a mode."""
        self.modeless.append(task)
        self._listener.tasks_changed()

    def choose(self, mode: str) -> None:
        """Start the tasks that waited for a mode."""
        held, self.modeless = self.modeless, []
        self.waiting += [replace(task, chosen=replace(task.chosen, mode=mode)) for task in held]
        self._listener.tasks_changed()

    def abandon(self, reason: str) -> None:
        """Give back the tasks that waited for a mode."""
        held, self.modeless = self.modeless, []
        for task in held:
            self.give_back(task, reason)

    async def run(self) -> None:
        """Start the tasks that wait, unless a run is already doing so."""
        if self.current is not None:
            return
        try:
            while self.waiting:
                self.current = self.waiting.popleft()
                await self._start(self.current)
                self.current = None
                self._listener.tasks_changed()
        except asyncio.CancelledError:
            self._close()
            raise
        finally:
            self.current = None

    async def _start(self, task: Task) -> None:
        try:
            resolved = task.resolved
            if resolved is None:
                resolved = await self._store.ask(task.place.question())
                task = task.settled(resolved)
            if missing := missing_agent(resolved.agents, task.chosen.agent):
                self.give_back(task, missing)
            elif task.trusted is None and not resolved.trusted:
                self.untrusted.append(task.bare())
            else:
                await self._begin(task, resolved)
        except UntrustedError:
            self.untrusted.append(task.bare())
        except UserError as error:
            self.give_back(task, f"{error.message} {error.hint}".strip())

    async def _begin(self, task: Task, resolved: m.ResolvedRepository) -> None:
        row = await self._store.ask(task.request(trusted=task.trusted is not False))
        traits = traits_of(resolved.agents, task.chosen.agent)
        mode = mode_of(traits, task.chosen.mode) if traits is not None else None
        chosen = task.chosen
        if chosen.agent == resolved.agent:  # the repository's choice says nothing about others
            chosen = replace(chosen, agent=(recall() or Remembered()).agent)
        remember(chosen, asks=mode is None or mode.asks)
        self._listener.task_made(task, row)

    # --- trust --------------------------------------------------------------------------------

    def decide(self, place: Place, resolved: m.ResolvedRepository, *, trusted: bool) -> None:
        """Start the tasks of a place that waited for the user's decision.

        Args:
            place: where they start.
            resolved: the repository and its settings, as they were shown.
            trusted: the decision.
        """
        decided = [
            replace(task, resolved=resolved, trusted=trusted) for task in self._undecided(place)
        ]
        self.waiting.extendleft(reversed(decided))
        self._listener.tasks_changed()

    def refuse(self, place: Place, reason: str) -> None:
        """Give back the tasks of a place that waited for a decision."""
        for task in self._undecided(place):
            self.give_back(task, reason)

    def leave(self) -> None:
        """Give back every task that waits for a decision: nobody is there to make it."""
        self.abandon(_NO_MODE)
        undecided, self.untrusted = self.untrusted, []
        for task in undecided:
            self.give_back(task, _UNDECIDED)

    def _undecided(self, place: Place) -> list[Task]:
        same = [task for task in self.untrusted if task.place == place]
        self.untrusted = [task for task in self.untrusted if task.place != place]
        return same

    # --- giving back --------------------------------------------------------------------------

    def offer(self, earlier: Iterable[Returned]) -> None:
        """Offer the tasks, too, that were not started before this screen was opened."""
        known = {returned.task.key for returned in self.returned}
        self.returned += [returned for returned in earlier if returned.task.key not in known]

    def give_back(self, task: Task, reason: str) -> None:
        """Offer the text of a task again."""
        returned = Returned(task=task.bare(), reason=reason)
        self.returned.append(returned)
        keep(with_returned(returned))
        self._listener.task_given_back(returned)

    def take_back(self) -> Returned | None:
        """Hand out the oldest task that was not started."""
        if not self.returned:
            return None
        returned = self.returned.pop(0)
        keep(without_returned(returned.task.key))
        return returned

    def _close(self) -> None:
        left = [self.current, *self.waiting]
        self.waiting.clear()
        for task in left:
            if task is not None:
                self.give_back(task, _CLOSED)
