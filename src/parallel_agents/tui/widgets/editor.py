"""The text of an input, without what its keys mean."""

from typing import Protocol

from textual import events
from textual.document._document import Document
from textual.widgets import TextArea


class Owner(Protocol):
    """Decides what keys and pastes mean."""

    def take_key(self, key: str) -> bool:
        """Handle a key; return False if the text has to handle it."""

    def paste_to_show(self, text: str) -> str:
        """Return what to insert for a paste."""


class Editor(TextArea):
    """The text itself; its owner decides what the keys mean.

    Args:
        owner: gets each key first.
    """

    DEFAULT_CSS = """
    Editor {
        height: auto; min-height: 1; max-height: 10; border: none; padding: 0; width: 1fr;
        background: transparent; background-tint: transparent;
    }
    Editor:focus { border: none; background: transparent; background-tint: transparent; }
    Editor > .text-area--cursor-line { background: transparent; }
    """

    def __init__(self, owner: Owner) -> None:
        super().__init__(
            soft_wrap=True, show_line_numbers=False, compact=True, highlight_cursor_line=False
        )
        self.cursor_blink = False
        self._owner = owner

    @property
    def lines(self) -> Document:
        """The text as lines, which places are counted in."""
        assert isinstance(self.document, Document)  # noqa: S101 - the only kind for plain text
        return self.document

    async def _on_key(self, event: events.Key) -> None:
        if self._owner.take_key(event.key):
            event.stop()
            event.prevent_default()
            return
        await super()._on_key(event)

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        self.insert(self._owner.paste_to_show(event.text))
