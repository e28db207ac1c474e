"""Opening the composer for new sessions, and what becomes of the tasks sent from it.

Keep true: a task that could not be started is told to the user also when the composer is closed.
"""

from collections.abc import Callable, Coroutine
from typing import Any

from textual.screen import ModalScreen

from parallel_agents.core.text import safe_line
from parallel_agents.tui.model.key_table import KeyTable
from parallel_agents.tui.model.remembered import Remembered, recall
from parallel_agents.tui.model.starting import Starting
from parallel_agents.tui.model.store import Store
from parallel_agents.tui.model.task import Returned, Task
from parallel_agents.tui.screens.board import Board
from parallel_agents.tui.screens.dispatch import DispatchScreen
from parallel_agents.tui.terminal import foreground
from parallel_agents.wire import messages as m


class Composing(Board):
    """The board with the composer.

    Args:
        store: the state to show.
        keys: the keys that count.
        clock: monotonic time in seconds.
        title: sets the terminal's title.
        directory: the default directory for a new session.
    """

    def __init__(
        self,
        store: Store,
        keys: KeyTable,
        clock: Callable[[], float],
        title: Callable[[str], None],
        directory: str,
    ) -> None:
        super().__init__(store, keys, clock, title)
        self.directory = directory
        self.starting = Starting(store, self)

    def on_mount(self) -> None:
        """Allow other programs to use the terminal from now on."""
        self.run_outside = foreground.in_foreground(self.app)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine that asks the supervisor beside the screen."""
        self.run_worker(work, group="ask")

    async def ask_person(self, dialog: ModalScreen[str | None]) -> str | None:
        """Show a dialog, unless one of its kind is open, as after a key was pressed twice."""
        if any(type(opened) is type(dialog) for opened in self.app.screen_stack):
            return None
        return await self.app.push_screen_wait(dialog)

    def choose(self, session: str) -> None:
        """Select a session for the person."""
        raise NotImplementedError

    def go_in(self) -> None:
        """Go into the selected session."""
        raise NotImplementedError

    def do_dispatch(self, prompt: str = "") -> None:
        """Start a new session."""
        self.later(self._dispatch(prompt))

    async def _dispatch(self, prompt: str) -> None:
        chosen = recall()
        composer = DispatchScreen(
            self.store,
            self.starting,
            self._directory(),
            chosen or Remembered(),
            run=self.run_outside,
            launched_in=self.directory,
            first=chosen is None,
            prompt=prompt,
        )
        session = await self.ask_person(composer)
        if session is not None:
            self.choose(session)
            self.go_in()

    def _directory(self) -> str:
        """Where a new session starts: where the selected one does, if that can be typed."""
        state = self.store.state
        worktree = state.place.worktree if state is not None else None
        root = worktree.root if worktree is not None else ""
        return root if root and safe_line(root) == root else self.directory

    # --- tasks on their way -------------------------------------------------------------------

    @property
    def composer(self) -> DispatchScreen | None:
        """The composer, while it is open."""
        opened = (s for s in self.app.screen_stack if isinstance(s, DispatchScreen))
        return next((composer for composer in opened if not composer.is_closed), None)

    def tasks_changed(self) -> None:
        """Start what waits, and show how it goes."""
        if self.starting.waiting and self.starting.current is None:
            self.later(self.starting.run())
        if (composer := self.composer) is not None:
            composer.follow()

    def task_made(self, task: Task, row: m.SessionRow) -> None:
        """Select the new session, and go into it if the user wanted to and writes nothing else."""
        self.store.select_when_there(row.id)
        composer = self.composer
        if composer is not None:
            composer.made(row)
        if task.enter and (composer is None or composer.prompt.is_empty):
            if composer is not None:
                composer.dismiss()
            self.go_in()

    def task_given_back(self, returned: Returned) -> None:
        """Say that a task was not started."""
        if (composer := self.composer) is not None:
            composer.follow()
        else:
            said = f"Not started: {returned.reason} c brings the text back."
            self.commands.say(said, "error")
