"""The conversation of one session, as lines.

Keep true: only visible lines are rendered; the view follows the end while the user is there, and
otherwise keeps its position; nothing that an agent writes is parsed as markup or reaches the
terminal raw.
"""

from collections.abc import Hashable

from textual.message import Message

from parallel_agents.core.transcript import Transcript
from parallel_agents.tui.content.transcript_lines import Conversation, key_of
from parallel_agents.tui.text.lines import LineView
from parallel_agents.tui.widgets.keyed import Keyed


class TranscriptView(LineView, Keyed):
    """Shows a transcript and keeps it up to date."""

    PLACES = ("lines", "transcript")
    FOLLOWS = True

    class NeedOlder(Message):
        """The user has reached the top of what is loaded."""

        def __init__(self, view: "TranscriptView") -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> "TranscriptView":
            """The view that needs more."""
            return self.view

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._conversation = Conversation()
        self._transcript = Transcript()

    def load(self, transcript: Transcript, *, root: str = "", older: bool = False) -> None:
        """Show a conversation.

        Args:
            transcript: the conversation; kept, and read again at each change.
            root: the worktree's path, left out of file names.
            older: whether it is the conversation already shown, with more at its beginning:
                position, cursor and unfolded items then stay.
        """
        self._transcript = transcript
        self._conversation.root = root
        if not older:
            self.restart()
        self._conversation.load(transcript, older=older)
        self.streaming()

    def changed(self, indexes: set[int]) -> None:
        """Update items that were added or changed.

        Args:
            indexes: their indexes, as returned by `Transcript.apply` or `Transcript.extend`.
        """
        self._conversation.change(indexes)
        self.streaming()

    def streaming(self) -> None:
        """Update the text that is still arriving."""
        self._conversation.stream(self._transcript.partial, self._transcript.thoughts)
        self.set_blocks(self._conversation.blocks())

    def action_fold(self) -> None:
        """Unfold or fold the item under the cursor."""
        if self.cursor is not None:
            self.pressed(self.cursor, "fold")

    def action_fold_all(self) -> None:
        """Unfold every tool and thought, or fold everything."""
        self._conversation.toggle_all()
        self.set_blocks(self._conversation.blocks())

    def pressed(self, key: Hashable, target: str) -> None:
        """Unfold or fold an item; its first line stays where it is."""
        if isinstance(key, str) and self._conversation.toggle(key):
            self.following = False
            self.set_blocks(self._conversation.blocks())

    def show_record(self, seq: int) -> None:
        """Show the entry that a record made or added to, unfolded, with the cursor on it.

        Args:
            seq: number of the record.
        """
        known = [item for item in self._transcript.items if item.seq <= seq]
        for item in reversed(known):
            key = key_of(item)
            if self.index_of(key) is None:
                continue
            self.following = False
            self._conversation.unfold(key)
            self.set_blocks(self._conversation.blocks())
            self.put_cursor(key)
            return

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Ask for older records at the top."""
        super().watch_scroll_y(old_value, new_value)
        if new_value <= 0 < old_value:
            self.post_message(self.NeedOlder(self))

    def action_scroll_home(self) -> None:
        """Go to the top of what is loaded, and ask for older records."""
        self.scroll_to(y=0, animate=False, immediate=True)
        self.post_message(self.NeedOlder(self))
