"""Peek: the latest of a session beside the list, and a reply without going in.

Keep true: a request is shown but not decided here; a reply goes to the session that is named.
"""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from parallel_agents.core.label import derive
from parallel_agents.core.state import SessionState
from parallel_agents.core.transcript import Transcript
from parallel_agents.tui.screens.confirm import Dialog
from parallel_agents.tui.widgets.prompt import Prompt
from parallel_agents.tui.widgets.transcript_view import TranscriptView

GO_IN = "\0"
"""Returned instead of a reply when the person wants to go in."""


class PeekScreen(Dialog):
    """Shows the end of a conversation; returns a reply.

    Args:
        state: the session.
        transcript: its conversation.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "enter", show=False, priority=True),
    ]

    def __init__(self, state: SessionState, transcript: Transcript) -> None:
        label = derive(state)
        words = [state.name or state.id, label.shown, label.detail]
        super().__init__(" · ".join(w for w in words if w), "Enter send   Ctrl+O go in   Esc leave")
        self._state = state
        self._transcript = transcript

    def content(self) -> ComposeResult:
        """The end of the conversation, and the input."""
        yield TranscriptView()
        yield Prompt(f"reply to {self._state.name or self._state.id} …")

    def on_mount(self) -> None:
        """Show it."""
        super().on_mount()
        root = self._state.worktree.path if self._state.worktree else ""
        self.query_one(TranscriptView).load(self._transcript, root=root)
        self.query_one(Prompt).focus()

    def on_prompt_sent(self, message: Prompt.Sent) -> None:
        """A reply."""
        self.dismiss(message.text)

    def action_enter(self) -> None:
        """Go in instead."""
        self.dismiss(GO_IN)
