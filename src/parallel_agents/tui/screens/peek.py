"""Peek: a session's latest output beside the list, and a quick reply or permission.

Keep true: the keys of a request work while the focus is not in the input, by the rules of
`request_card.Card`; a reply goes to the named session.
"""

from collections.abc import Callable
from time import monotonic
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from parallel_agents.core.label import derive
from parallel_agents.core.state import SessionState
from parallel_agents.core.transcript import Transcript
from parallel_agents.tui.model.key_table import key_table
from parallel_agents.tui.model.request_card import Card, Verdict, Wanted
from parallel_agents.tui.screens.confirm import Dialog
from parallel_agents.tui.terminal.modes import Modes
from parallel_agents.tui.terminal.one_shot import once_after
from parallel_agents.tui.text.spans import flat
from parallel_agents.tui.text.styles import ink_of
from parallel_agents.tui.widgets.card import CardView
from parallel_agents.tui.widgets.card_keys import CardKeys, CardNotes
from parallel_agents.tui.widgets.one_line import OneLine
from parallel_agents.tui.widgets.prompt import Prompt
from parallel_agents.tui.widgets.transcript_view import TranscriptView

GO_IN = "\0"
"""Returned instead of a reply when the user wants to go into the session."""

_REPLY = "Enter send   Ctrl+O open   Esc close"
_ASKED = "Tab reply   Ctrl+O open   Esc close"


class PeekScreen(Dialog, Modes):
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
        super().__init__(" · ".join(w for w in words if w), _REPLY)
        self.session = state.id
        self.card = card
        self._state = state
        self._transcript = transcript
        self._pressed = pressed

    def content(self) -> ComposeResult:
        """Create the end of the conversation, the request, and the input."""
        yield TranscriptView()
        yield CardView(self.card)
        yield CardNotes(self.card)
        yield CardKeys(self.card)
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
        self._show_request()
        view.display = request is not None
        self.set_class(request is not None, "-asking")
        self._hint = _REPLY if request is None else _ASKED
        self.query_one(".keys", OneLine).put([flat(self._hint, ink_of(self.app).muted)])

    def _show_request(self) -> None:
        self.query_one(CardView).update(self._state.session.name or self.session)
        self._paint_keys()

    def _paint_keys(self) -> None:
        self.query_one(CardNotes).update()
        keys = self.query_one(CardKeys)
        keys.display = self.card.request is not None
        keys.update()
        if wait := self.card.settles_in:
            once_after(self, wait, keys.update)

    # --- keys ---------------------------------------------------------------------------------

    @property
    def _writing(self) -> bool:
        return self.focused is self.query_one(Prompt).editor

    def commanding(self) -> bool:
        """Letters outside the input decide on the request."""
        return True

    def alone(self, character: str) -> bool:
        """Whether a letter counts only when it is pressed by itself."""
        return character in key_table(self.app).deciding

    def dropped(self, character: str) -> None:
        """Say that a letter decided nothing."""
        self.card.dropped()
        self._paint_keys()

    def typed(self, text: str) -> None:
        """Put a text that was typed over the request into the input."""
        prompt = self.query_one(Prompt)
        prompt.editor.insert(prompt.pastes.fold(text))
        prompt.focus()

    def on_key(self, event: events.Key) -> None:
        """Decide on the request, or scroll it."""
        if self._writing or self.card.request is None:
            return
        keys = key_table(self.app)
        if letter := keys.usual(event.key):
            event.stop()
            outcome = self.card.press(letter, max(monotonic() - event.time, 0.0))
            self._paint_keys()
            if outcome is not None:
                self._pressed(self.card, outcome)
                self.dismiss(None)
            return
        match keys.meant(event.key):
            case "next_question" | "previous_question" as meant:
                self.card.move_on(1 if meant == "next_question" else -1)
                self._show_request()
            case "read_on" | "read_back" as meant:
                self.query_one(CardView).turn_page(1 if meant == "read_on" else -1)
            case _:
                pass

    def on_card_view_read(self) -> None:
        """Update the notes: more of the request has been on the screen."""
        self._paint_keys()

    def on_prompt_sent(self, message: Prompt.Sent) -> None:
        """Close with a reply."""
        self.dismiss(message.text)

    def action_enter(self) -> None:
        """Go into the session instead."""
        self.dismiss(GO_IN)
