"""The open session's conversation, read in pages from its end while new records arrive.

Keep true: records are folded in the order of their numbers, each once; records that arrive while a
page is being read wait for it; a gap is noticed and read again, never hidden.
"""

from parallel_agents.core.events import Delta, Record
from parallel_agents.core.transcript import Transcript


class Conversation:
    """The records of one session read so far, and their transcript.

    Args:
        session: id of the session.

    Attributes:
        transcript: what to show.
        more: whether there are older records that have not been read.
        loaded: whether the first page has been read.
    """

    def __init__(self, session: str) -> None:
        self.session = session
        self.transcript = Transcript()
        self.more = False
        self.loaded = False
        self._records: list[Record] = []
        self._waiting: list[Record | Delta] = []

    @property
    def oldest(self) -> int:
        """Number of the oldest record read; 0 when there is none."""
        return self._records[0].seq if self._records else 0

    @property
    def newest(self) -> int:
        """Number of the newest record folded."""
        return self.transcript.seq

    def begin(self, page: list[Record], *, more: bool) -> None:
        """Start with the newest page, then add whatever arrived meanwhile.

        Args:
            page: records in order.
            more: whether older ones exist.
        """
        self.transcript = Transcript()
        self._records = list(page)
        self.transcript.extend(page)
        self.more, self.loaded = more, True
        self._replay()

    def _replay(self) -> None:
        """Apply what waited; text streamed before a record of the page is finished by now."""
        waiting, self._waiting = self._waiting, []
        known = [
            index
            for index, entry in enumerate(waiting)
            if isinstance(entry, Record) and entry.seq <= self.newest
        ]
        for entry in waiting[known[-1] + 1 if known else 0 :]:
            if isinstance(entry, Record):
                self.take(entry)
            else:
                self.stream(entry)

    def older(self, page: list[Record], *, more: bool) -> None:
        """Add a page before everything read so far.

        Args:
            page: records in order, ending right before `oldest`.
            more: whether there are still older records.
        """
        before = self.transcript
        self._records = [*page, *self._records]
        self.transcript = Transcript()
        self.transcript.extend(self._records)
        self.transcript.partial, self.transcript.thoughts = before.partial, before.thoughts
        self.more = more

    def follow_up(self, page: list[Record]) -> set[int]:
        """Add the records after `newest`, read to close a gap."""
        changed: set[int] = set()
        for record in page:
            changed |= self.take(record) or set()
        return changed

    def take(self, record: Record) -> set[int] | None:
        """Add the next pushed record.

        Returns:
            Indexes of items that changed; None when records before it are missing.
        """
        if not self.loaded:
            self._waiting.append(record)
            return set()
        if record.seq > self.newest + 1:
            return None
        if record.seq <= self.newest:
            return set()
        self._records.append(record)
        return self.transcript.apply(record)

    def stream(self, delta: Delta) -> bool:
        """Add partial text; return whether the screen changes."""
        if not self.loaded:
            self._waiting.append(delta)
            return False
        return self.transcript.stream(delta)
