"""The trash: lists deleted sessions and restores them.

Keep true: nothing is removed from here; what is restored is the entry under the cursor.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from parallel_agents.tui.screens.confirm import Dialog
from parallel_agents.tui.text.ages import ago, size
from parallel_agents.tui.text.lines import Block, LineView
from parallel_agents.tui.text.spans import Line, Span, block, flat, line_of, row
from parallel_agents.tui.text.styles import Ink
from parallel_agents.tui.widgets.keyed import Keyed
from parallel_agents.wire.messages import DeletedSession

_EMPTY = "The trash is empty. What you delete with Ctrl+X stays here until you bring it back."


class TrashList(LineView, Keyed):
    """The entries, newest first."""

    PLACES = ("lines",)

    def put(self, entries: Sequence[DeletedSession], now: int) -> None:
        """Show the entries, with the cursor on the first.

        Args:
            entries: from the reply to `ListTrash`.
            now: milliseconds since 1970.
        """
        newest = sorted(entries, key=lambda entry: -entry.deleted_at)
        blocks = [_block(entry, now) for entry in newest]
        self.set_blocks(blocks or [_nothing()])
        if blocks:
            self.put_cursor(blocks[0].key)


class TrashScreen(Dialog):
    """Lists the trash; returns the id of the session to restore.

    Args:
        entries: from the reply to `ListTrash`.
        now: milliseconds since 1970.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "restore", show=False)]

    def __init__(self, entries: Sequence[DeletedSession], now: int) -> None:
        hint = "Enter restore   ↑↓ choose   Esc close" if entries else "Esc leave"
        super().__init__("Trash", hint)
        self._entries = entries
        self._now = now

    def content(self) -> ComposeResult:
        """Create the list."""
        yield TrashList()

    def on_mount(self) -> None:
        """Show the entries."""
        listed = self.query_one(TrashList)
        listed.put(self._entries, self._now)
        listed.focus()

    def action_restore(self) -> None:
        """Restore the entry under the cursor."""
        if isinstance(chosen := self.query_one(TrashList).cursor, str):
            self.dismiss(chosen)


def _block(entry: DeletedSession, now: int) -> Block:
    name = entry.name or entry.id

    def build(width: int, ink: Ink) -> list[Line]:
        left = [flat(name, ink.strong), flat(f"  {entry.branch or 'no branch'}", ink.muted)]
        words = [ago(now - entry.deleted_at)]
        if entry.size_bytes:
            words.append(size(entry.size_bytes))
        lines = [Line(row(left, [Span("  " + " · ".join(words), ink.muted)], width))]
        kept = ", ".join(entry.saved)
        return [*lines, line_of(flat(f"  {kept}", ink.muted))] if kept else lines

    return Block(entry.id, (now,), build, text=name)


def _nothing() -> Block:
    return Block("", (), lambda width, ink: block([Span(_EMPTY, ink.muted)], width), stop=False)
