"""Peek: a session's latest output beside the list, and a quick reply or permission.

Keep true: `y` and `n` work only for a permission, only with the focus on it, and by the rules of
`deciding.Card`; anything that needs more is decided in the session; a reply goes to the named
session.
"""

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from parallel_agents.core.label import derive
from parallel_agents.core.state import SessionState
from parallel_agents.core.transcript import Transcript
from parallel_agents.tui.model.request_card import Card, Verdict
from parallel_agents.tui.screens.confirm import Dialog
from parallel_agents.tui.text.spans import flat
from parallel_agents.tui.text.styles import ink_of
from parallel_agents.tui.widgets.card import CardView
from parallel_agents.tui.widgets.card_keys import CardNotes
from parallel_agents.tui.widgets.one_line import OneLine
from parallel_agents.tui.widgets.prompt import Prompt
from parallel_agents.tui.widgets.transcript_view import TranscriptView

GO_IN = "\0"
"""Returned instead of a reply when the user wants to go into the session."""

_REPLY = "Enter send   Ctrl+O open   Esc close"
_PERMISSION = "y allow once   n deny   Tab reply   Ctrl+O open   Esc close"
_OTHER = "Ctrl+O open and answer   Tab reply   Esc close"


class PeekScreen(Dialog):
    """Shows the end of a conversation, and its request; returns a reply.

    Args:
        state: the session's facts.
        transcript: its conversation.
        card: decides on the request.
        decided: called with a decision.

    Attributes:
        session: id of the session.
        card: decides on the request.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "enter", show=False, priority=True),
    ]

    def __init__(
        self,
        state: SessionState,
        transcript: Transcript,
        card: Card,
        decided: Callable[[Card, Verdict], None],
    ) -> None:
        label = derive(state)
        words = [state.session.name or state.id, label.shown, label.detail]
        super().__init__(" · ".join(w for w in words if w), _REPLY)
        self.session = state.id
        self.card = card
        self._state = state
        self._transcript = transcript
        self._decided = decided

    def content(self) -> ComposeResult:
        """Create the end of the conversation, the request, and the input."""
        yield TranscriptView()
        yield CardView(self.card)
        yield CardNotes(self.card)
        yield Prompt(f"reply to {self._state.session.name or self._state.id} …")

    def on_mount(self) -> None:
        """Show the session."""
        root = self._state.place.worktree.path if self._state.place.worktree else ""
        self.query_one(TranscriptView).load(self._transcript, root=root)
        self._show(self._state)
        asked = self.card.request is not None
        (self.query_one(CardView) if asked else self.query_one(Prompt)).focus()

    def follow(self, state: SessionState | None) -> None:
        """Show the current request.

        Args:
            state: facts of the session; None when it is gone.
        """
        if self.is_mounted and self.is_running:
            self._show(state)

    def _show(self, state: SessionState | None) -> None:
        self.card.show(state)
        request, view = self.card.request, self.query_one(CardView)
        if request is None and self.focused is view:
            self.query_one(Prompt).focus()
        view.update(self._state.session.name or self.session)
        view.display = request is not None
        self.query_one(CardNotes).update()
        self.set_class(request is not None, "-asking")
        self._hint = _REPLY if request is None else _OTHER
        if request is not None and request.kind == "permission":
            self._hint = _PERMISSION
        self.query_one(".keys", OneLine).put([flat(self._hint, ink_of(self.app).muted)])

    def on_key(self, event: events.Key) -> None:
        """Decide on a permission if it has the focus."""
        request, view = self.card.request, self.query_one(CardView)
        if event.key not in {"y", "n"} or self.focused is not view:
            return
        event.stop()
        if request is None or request.kind != "permission":
            return
        verdict = view.press(event.key)
        self.query_one(CardNotes).update()
        if isinstance(verdict, Verdict):
            self._decided(self.card, verdict)
            self.dismiss(None)

    def on_card_view_read(self) -> None:
        """Update the notes: more of the request has been on the screen."""
        self.query_one(CardNotes).update()

    def on_prompt_sent(self, message: Prompt.Sent) -> None:
        """Close with a reply."""
        self.dismiss(message.text)

    def action_enter(self) -> None:
        """Go into the session instead."""
        self.dismiss(GO_IN)
