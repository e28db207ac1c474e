"""What every pane is: a view, and what it follows."""

from typing import ClassVar

from parallel_agents.core.state import SessionState
from parallel_agents.tui.model.commands import Commands
from parallel_agents.tui.text.lines import LineView


class Pane:
    """Shows one side of a session.

    Attributes:
        name: its id, as in layouts and in the table of keys.
        title: as people read it.
        asks: whether it asks the supervisor, and so needs a connection.
        view: shows it.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    asks: ClassVar[bool] = True

    def __init__(self, commands: Commands, view: LineView) -> None:
        self.commands = commands
        self.view = view

    def follow(self, state: SessionState) -> None:
        """Load what is missing; called at each painting while the pane is on the screen.

        Args:
            state: facts of the session that is shown.
        """
        raise NotImplementedError
