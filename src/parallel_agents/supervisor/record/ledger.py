"""The record of one scope, a session or a person: its journal, its facts, and who waits for them.

Keep true: facts change only through records that are in the journal; a checkpoint is never ahead of
the journal; nothing here knows what the facts are about. A record that cannot be read or folded
costs only its own content, and is counted.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic

from parallel_agents.core.value import replace
from parallel_agents.supervisor.base.threads import Threads
from parallel_agents.supervisor.record.checkpoint import Checkpoint
from parallel_agents.supervisor.record.fact_form import F, Form, R
from parallel_agents.supervisor.record.journal import Journal
from parallel_agents.supervisor.record.syncing import Syncing

log = logging.getLogger(__name__)

_CHECKPOINT_EVERY = 500


class Ledger(Generic[F, R]):
    """Journal and facts of one scope.

    Args:
        threads: where blocking work is done.
        directory: where it is kept; exists.
        form: what its records and facts are.
        owner: whose it is, for the log.
        tell: told each record once it is folded.

    Attributes:
        state: the facts.
        syncing: waits until the disk has what is on record.

    Raises:
        StorageError: the journal cannot be read.
    """

    def __init__(
        self,
        threads: Threads,
        directory: Path,
        form: Form[F, R],
        owner: str,
        tell: Callable[[R], None],
    ) -> None:
        self.directory = directory
        self.journal = Journal(directory / "journal.jsonl", form.read)
        self.state = form.facts()
        self.syncing = Syncing(threads, owner)
        self._threads = threads
        self._form = form
        self._owner = owner
        self._tell = tell
        self._unfolded = 0
        self._checkpointed = 0
        self._changed = asyncio.Event()
        self._saved = Checkpoint(threads, directory, form)
        self._load()

    @property
    def damaged(self) -> int:
        """How many records are known by now that could not be read or folded."""
        return self.journal.damaged + self._unfolded

    def append(self, records: Sequence[R]) -> None:
        """Journal records that belong together, fold them, and tell whoever listens.

        Args:
            records: numbered on from the facts; all are recorded or none.

        Raises:
            StorageError: nothing was recorded.
        """
        self.journal.append(records)
        self.syncing.owe("journal", self.journal.sync)
        for record in records:
            self._fold(record)
            self._tell(record)
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        if self.state.seq - self._checkpointed >= _CHECKPOINT_EVERY:
            self.checkpoint()

    async def until(self, holds: Callable[[F], bool]) -> F:
        """Wait until the facts satisfy a condition; returns those facts."""
        while not holds(self.state):
            changed = self._changed
            await changed.wait()
        return self.state

    async def page(self, first: int, last: int) -> list[R]:
        """Read records of the journal; see `Journal.page`.

        Raises:
            StorageError: the journal cannot be read.
        """
        return await self._threads.quick(self.journal.page, first, last)

    def checkpoint(self) -> None:
        """Save the facts soon, so that a restart need not fold the whole journal."""
        self._checkpointed = self.state.seq
        self._saved.save(self.state, self.journal.size)

    async def close(self) -> None:
        """Save the facts and close the files."""
        self.checkpoint()
        await self._saved.saved()
        await self.syncing.close()
        self.journal.close()

    def _fold(self, record: R) -> None:
        try:
            self.state = self._form.fold(self.state, record)
        except Exception:
            log.exception("%s: record %s cannot be folded", self._owner, record.seq)
            self.state = replace(self.state, seq=record.seq)
            self._unfolded += 1

    def _load(self) -> None:
        """Use the checkpoint if it fits the journal, then fold the later records."""
        offset = self._take_checkpoint()
        self._checkpointed = self.state.seq
        for record in self.journal.read_from(offset, self.state.seq):
            self._take(record)
        self._check_loaded()
        if self.state.seq - self._checkpointed >= _CHECKPOINT_EVERY:
            self._checkpointed = self.state.seq
            self._saved.write(self.state, self.journal.size)

    def _take(self, record: R) -> None:
        """Fold a record that was in the journal at the start."""
        self._fold(record)

    def _check_loaded(self) -> None:
        """Check what was in the journal at the start."""

    def _take_checkpoint(self) -> int:
        """Load the checkpoint; returns the journal offset after it, or 0 if none fits."""
        state, size = self._saved.read()
        if not state.seq or self.journal.seq_before(size) != state.seq:
            # The journal was torn before this offset; once it grows past it again, its records
            # differ.
            self._saved.forget()
            return 0
        self.state = state
        return size
