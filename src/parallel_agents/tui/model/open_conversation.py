"""A conversation that a pane shows: what has been read, and what changed since it was painted.

Keep true: a gap between what was read and what arrives is noticed and read again, never hidden.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from parallel_agents.core.errors import UserError
from parallel_agents.core.events import Delta, Record
from parallel_agents.core.state import SessionState
from parallel_agents.tui.model.conversation import Conversation
from parallel_agents.wire.messages import ReadRecords

PAGE = 400
"""Records that are read at a time."""

AROUND = 50
"""How many records before one that is looked for are read with it."""

Ask = Callable[[ReadRecords], Awaitable[Any]]


class ConversationChanges:
    """What has changed since a conversation was last painted.

    Attributes:
        items: indexes of transcript items that changed.
        partial: whether partial text arrived.
        reload: whether the transcript was replaced.
        older: whether the replacement is the same transcript with more at its beginning.
    """

    def __init__(self) -> None:
        self.items: set[int] = set()
        self.partial = False
        self.reload = False
        self.older = False


class OpenConversation:
    """A session's conversation while a pane shows it.

    Args:
        session: id of the session.

    Attributes:
        conversation: what has been read.
        gap: whether something is missing that must be read.
    """

    def __init__(self, session: str) -> None:
        self.session = session
        self.conversation = Conversation(session)
        self.gap = True
        self._changes = ConversationChanges()
        self._changes.reload = True

    def take_changes(self) -> ConversationChanges:
        """Return what has changed since the last call."""
        changes, self._changes = self._changes, ConversationChanges()
        return changes

    def take(self, record: Record) -> None:
        """Add a record that was pushed."""
        changed = self.conversation.take(record)
        if changed is None:
            self.gap = True
        else:
            self._changes.items |= changed

    def stream(self, delta: Delta) -> None:
        """Add partial text."""
        self._changes.partial |= self.conversation.stream(delta)

    def resynchronised(self, state: SessionState) -> None:
        """Note that a whole state replaces records that were not pushed."""
        self.gap |= self.conversation.loaded and state.seq > self.conversation.newest

    async def read(self, ask: Ask) -> None:
        """Read the missing part, once the session is followed.

        Raises:
            UserError: it could not be read; `gap` then stays set.
        """
        self.gap = False
        try:
            await self._read(ask)
        except UserError:
            self.gap = True
            raise

    async def _read(self, ask: Ask) -> None:
        conversation, session = self.conversation, self.session
        if not conversation.loaded:
            reply = await ask(ReadRecords(session=session, limit=PAGE))
            conversation.begin(list(reply.records), more=reply.more)
            self._changes.reload, self._changes.older = True, False
            return
        more = True
        while more:
            after = conversation.newest
            reply = await ask(ReadRecords(session=session, after=after, limit=PAGE))
            self._changes.items |= conversation.follow_up(list(reply.records))
            more = reply.more and conversation.newest > after

    async def read_older(self, ask: Ask, seq: int = 0) -> bool:
        """Read the page before what has been read; False when there is none.

        Args:
            ask: sends a request.
            seq: number of a record that the page shall reach back to, if that is possible at once.

        Raises:
            UserError: it could not be read.
        """
        conversation = self.conversation
        if not conversation.more or not conversation.loaded:
            return False
        conversation.more = False
        before = conversation.oldest
        limit = max(PAGE, before - seq + AROUND) if seq else PAGE
        try:
            reply = await ask(ReadRecords(session=self.session, before=before, limit=limit))
        except UserError:
            conversation.more = True
            raise
        conversation.older(list(reply.records), more=reply.more)
        self._changes.older |= not self._changes.reload
        self._changes.reload = True
        return True
