"""The conversation of a session.

Keep true: only what changed is laid out again.
"""

from collections.abc import Callable

from parallel_agents.core.state import SessionState
from parallel_agents.tui.model.commands import Commands
from parallel_agents.tui.model.open_conversation import OpenConversation
from parallel_agents.tui.screens.pane import Pane
from parallel_agents.tui.widgets.transcript_view import TranscriptView

Source = Callable[[], OpenConversation | None]


class TranscriptPane(Pane):
    """Shows a conversation.

    Args:
        commands: whom to ask.
        source: returns the conversation to show.
    """

    name = "transcript"
    title = "Transcript"
    asks = False
    view: TranscriptView

    def __init__(self, commands: Commands, source: Source) -> None:
        super().__init__(commands, TranscriptView(id=self.name))
        self.source = source

    def follow(self, state: SessionState) -> None:
        """Show what came since the last painting."""
        opened = self.source()
        if opened is None:
            return
        changes = opened.take_changes()
        root = state.place.worktree.path if state.place.worktree else ""
        transcript = opened.conversation.transcript
        if changes.reload:
            self.view.load(transcript, root=root, older=changes.older)
        elif changes.items:
            self.view.changed(changes.items)
        elif changes.partial:
            self.view.streaming()


class BesidePane(TranscriptPane):
    """Shows the conversation of a session that stays while others are selected."""

    name = "beside"
    title = "Beside"
