"""The base of dialogs that show a request over the main screen and take its keys.

Keep true: a key decides by the rules of `request_card.Card`; one that comes too early, or together
with others, is said and not dropped.
"""

from time import monotonic

from textual import events
from textual.app import ComposeResult

from parallel_agents.tui.model.key_table import key_table
from parallel_agents.tui.model.request_card import TOO_EARLY, Card, Verdict, Wanted
from parallel_agents.tui.screens.confirm import Dialog
from parallel_agents.tui.terminal.modes import Modes
from parallel_agents.tui.terminal.one_shot import once_after
from parallel_agents.tui.widgets.card import CardView
from parallel_agents.tui.widgets.card_keys import CardKeys, CardNotes


class DecidingDialog(Dialog, Modes):
    """A dialog with a request.

    Args:
        title: what it is about; any text.
        hint: which keys do what.
        card: decides on the request.

    Attributes:
        card: decides on the request.
    """

    def __init__(self, title: str, hint: str, card: Card) -> None:
        super().__init__(title, hint)
        self.card = card

    def request(self) -> ComposeResult:
        """Create the request, what is odd about it, and its keys."""
        yield CardView(self.card)
        yield CardNotes(self.card)
        yield CardKeys(self.card)

    def show_request(self) -> None:
        """Show the request as it is now."""
        raise NotImplementedError

    def takes_keys(self) -> bool:
        """Whether keys are for the request where the focus is."""
        raise NotImplementedError

    def decided(self, outcome: Verdict | Wanted) -> None:
        """Do what a key on the request means."""
        raise NotImplementedError

    def is_shown(self) -> bool:
        """Whether the card shows what the person looks at; otherwise a key shows it first."""
        return True

    def skip(self) -> None:
        """Show the next request, where there is one."""

    def paint_keys(self) -> None:
        """Show the keys, and again once they count."""
        self.query_one(CardNotes).update()
        keys = self.query_one(CardKeys)
        keys.display = self.card.request is not None
        keys.update()
        if wait := self.card.settles_in:
            once_after(self, wait, keys.update)

    def on_card_view_read(self) -> None:
        """Update the notes: more of the request has been on the screen."""
        self.paint_keys()

    def commanding(self) -> bool:
        """Letters outside a text field decide on the request."""
        return True

    def alone(self, character: str) -> bool:
        """Whether a letter counts only when it is pressed by itself."""
        return character in key_table(self.app).deciding

    def dropped(self, character: str) -> None:
        """Say that a letter decided nothing."""
        self.card.dropped()
        self.paint_keys()

    def on_key(self, event: events.Key) -> None:
        """Decide on the request, or scroll it."""
        if not self.takes_keys():
            return
        keys = key_table(self.app)
        if letter := keys.usual(event.key):
            event.stop()
            self._press(letter, max(monotonic() - event.time, 0.0))
            return
        match keys.meant(event.key):
            case "next_question" | "previous_question" as meant:
                self.card.move_on(1 if meant == "next_question" else -1)
                self.show_request()
            case "read_on" | "read_back" as meant:
                self.query_one(CardView).turn_page(1 if meant == "read_on" else -1)
            case "skip":
                self.skip()
            case _:
                pass

    def _press(self, letter: str, age: float) -> None:
        if not self.is_shown():
            self.show_request()
            self.card.refusal = TOO_EARLY if self.card.request is not None else ""
            self.paint_keys()
            return
        outcome = self.card.press(letter, age)
        self.paint_keys()
        if outcome is not None:
            self.decided(outcome)
