"""Peek: a session's latest output beside the list, and a quick reply or permission.

Keep true: the keys of a request work while the focus is not in the input, by the rules of
`request_card.Card`; a reply goes to the named session.
"""

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from parallel_agents.core.label import derive
from parallel_agents.core.state import SessionState
from parallel_agents.core.transcript import Transcript
from parallel_agents.tui.model.request_card import Card, Verdict, Wanted
from parallel_agents.tui.screens.deciding_dialog import DecidingDialog
from parallel_agents.tui.text.spans import flat
from parallel_agents.tui.text.styles import ink_of
from parallel_agents.tui.widgets.card import CardView
from parallel_agents.tui.widgets.one_line import OneLine
from parallel_agents.tui.widgets.prompt import Prompt
from parallel_agents.tui.widgets.transcript_view import TranscriptView

GO_IN = "\0"
"""Returned instead of a reply when the user wants to go into the session."""

_REPLY = "Enter send   Ctrl+O open   Esc close"
_ASKED = "Tab reply   Ctrl+O open   Esc close"


class PeekScreen(DecidingDialog):
    """Shows the end of a conversation, and its request; returns a reply.

    Args:
        state: the session's facts.
        transcript: its conversation.
        card: decides on the request.
        pressed: called with what a key on the request means.

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
        pressed: Callable[[Card, Verdict | Wanted], None],
    ) -> None:
        label = derive(state)
        words = [state.session.name or state.id, label.shown, label.detail]
        super().__init__(" · ".join(w for w in words if w), _REPLY, card)
        self.session = state.id
        self._state = state
        self._transcript = transcript
        self._pressed = pressed

    def content(self) -> ComposeResult:
        """Create the end of the conversation, the request, and the input."""
        yield TranscriptView()
        yield from self.request()
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
        self.show_request()
        view.display = request is not None
        self.set_class(request is not None, "-asking")
        self._hint = _REPLY if request is None else _ASKED
        self.query_one(".keys", OneLine).put([flat(self._hint, ink_of(self.app).muted)])

    def show_request(self) -> None:
        """Show the request as it is now."""
        self.query_one(CardView).update(self._state.session.name or self.session)
        self.paint_keys()

    # --- keys ---------------------------------------------------------------------------------

    @property
    def _writing(self) -> bool:
        return self.focused is self.query_one(Prompt).editor

    def typed(self, text: str) -> None:
        """Put a text that was typed over the request into the input."""
        prompt = self.query_one(Prompt)
        prompt.editor.insert(prompt.pastes.fold(text))
        prompt.focus()

    def takes_keys(self) -> bool:
        """Whether there is a request, and nobody writes."""
        return not self._writing and self.card.request is not None

    def decided(self, outcome: Verdict | Wanted) -> None:
        """Do what a key on the request means, and close."""
        self._pressed(self.card, outcome)
        self.dismiss(None)

    def on_prompt_sent(self, message: Prompt.Sent) -> None:
        """Close with a reply."""
        self.dismiss(message.text)

    def action_enter(self) -> None:
        """Go into the session instead."""
        self.dismiss(GO_IN)
