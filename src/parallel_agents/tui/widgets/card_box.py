"""The request card: its words, what is odd about it, and its keys, fitted to the screen.

Keep true: the choices are on the screen at any size that has room for a line of them; the words
scroll.
"""

from textual.app import ComposeResult
from textual.containers import Vertical

from parallel_agents.tui.model.request_card import Card
from parallel_agents.tui.widgets.card import CardView
from parallel_agents.tui.widgets.card_keys import CardKeys, CardNotes


class CardBox(Vertical):
    """Words, notes and keys of a request.

    Args:
        model: the card to show.
    """

    def __init__(self, model: Card, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._model = model

    def compose(self) -> ComposeResult:
        """Create the three parts."""
        yield CardView(self._model, id="request")
        yield CardNotes(self._model, id="notes")
        yield CardKeys(self._model, id="keys")

    def fit(self, width: int, height: int, *, low: bool, tiny: bool) -> None:
        """Give lines to the keys first, then to the notes, then to the words.

        Args:
            width: cells of a line.
            height: lines of the whole screen.
            low: whether the screen's lines above the panes are hidden while a session is open.
            tiny: whether its first and last line are hidden as well.
        """
        notes, keys = self.query_one(CardNotes), self.query_one(CardKeys)
        rows = max(height - (0 if tiny else 2), 1)
        about = 0 if low else 2
        prompt, border = (1, 0) if tiny else (2, 1)
        room = max(rows - about - prompt - border - 1, 1)
        whole = self.query_one(CardView).virtual_size.height
        notes.fits = whole <= min(16, rows // 2 - border - keys.height(width) - notes.odd)
        notes.update()
        said = len(notes.said())
        notes.display = 0 < said < room
        keys.room = max(room - said, 1) if said < room else room
        keys.update()
        taken = keys.height(width)
        words = min(16, rows // 2 - border - taken - said)
        self.query_one(CardView).styles.max_height = max(words, min(room - said - taken + 1, 3), 1)
