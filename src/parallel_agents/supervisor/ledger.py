"""What is on record of one session: its journal, its facts, and who waits for them.

Keep true: facts change only by records that are in the journal; a checkpoint is never ahead of
the journal; nothing here starts a process or runs git (that is `driver` and `workplace`).
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from parallel_agents.core.codec import state_from_json, state_to_json
from parallel_agents.core.errors import StorageError
from parallel_agents.core.events import Event, Record
from parallel_agents.core.reduce import FACT_OF, reduce
from parallel_agents.core.state import SessionState
from parallel_agents.supervisor.context import Context, now_ms
from parallel_agents.supervisor.files import read_json, write_json
from parallel_agents.supervisor.journal import Journal
from parallel_agents.supervisor.runlog import LogLine

_CHECKPOINT_EVERY = 500
_RAW_LIMIT = 4096
_DISK_PATIENCE = 0.5


class Ledger:
    """Journal and facts of one session.

    Args:
        context: what all sessions share.
        directory: `sessions/<id>`, which exists.
    """

    def __init__(self, context: Context, directory: Path) -> None:
        self.context = context
        self.directory = directory
        self.journal = Journal(directory / "journal.jsonl")
        self.state = SessionState()
        self._checkpointed = 0
        self._changed = asyncio.Event()
        self._load()

    @property
    def id(self) -> str:
        """The session's short id."""
        return self.state.id

    def record(
        self,
        *events: Event,
        key: str = "",
        run: int = 0,
        line: LogLine | None = None,
        sync: bool = False,
    ) -> None:
        """Journal what happened, fold it, and tell everybody.

        Args:
            events: what happened, in order, all or nothing.
            key: uuid of the client's request that caused it.
            run: process start it came from.
            line: the agent's line it came from.
            sync: wait until the disk has it.

        Raises:
            StorageError: nothing was recorded.
        """
        if not events:
            return
        records = self._records(events, key, run, line)
        self.journal.append(records, sync=sync)
        for record in records:
            self.state = reduce(self.state, record)
            self.context.hub.record(self.id, record)
        self._announce()

    async def record_patiently(
        self, *events: Event, run: int = 0, line: LogLine | None = None
    ) -> None:
        """Journal what an agent said; while the disk is full, wait: the agent waits too."""
        while True:
            try:
                self.record(*events, run=run, line=line)
            except StorageError:
                await asyncio.sleep(_DISK_PATIENCE)
            else:
                return

    async def until(self, holds: Callable[[SessionState], bool]) -> SessionState:
        """Wait until the facts satisfy a condition; returns those facts."""
        while not holds(self.state):
            changed = self._changed
            await changed.wait()
        return self.state

    def turn_offset(self) -> int:
        """Where in the log of the run that goes on its latest turn begins."""
        ended = self.state.because.get("outcome")
        found = self.journal.page(ended.seq, ended.seq) if ended else []
        return next((r.offset for r in found if r.run == self.state.run), 0)

    def checkpoint(self) -> None:
        """Save the facts, so that a restart need not fold the whole journal."""
        self._checkpointed = self.state.seq
        value = {
            "version": 1,
            "journal": self.journal.size,
            "state": state_to_json(self.state),
        }
        with contextlib.suppress(StorageError):  # the journal has everything
            write_json(self.directory / "meta.json", value, sync=False)

    def close(self) -> None:
        """Save and let go of the files."""
        self.checkpoint()
        self.journal.close()

    def _records(
        self, events: Sequence[Event], key: str, run: int, line: LogLine | None
    ) -> list[Record]:
        raw = line.text[:_RAW_LIMIT].decode("utf-8", "replace") if line else ""
        at = line.at if line and line.at else now_ms()
        last = len(events) - 1
        return [
            Record(
                seq=self.state.seq + 1 + index,
                at=at,
                event=event,
                run=run,
                offset=line.offset if line else 0,
                raw=raw if event.type in FACT_OF else "",
                key=key,
                more=index < last,
            )
            for index, event in enumerate(events)
        ]

    def _announce(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        if self.state.seq - self._checkpointed >= _CHECKPOINT_EVERY:
            self.checkpoint()

    def _load(self) -> None:
        """Take the checkpoint when it fits the journal, then fold what came after."""
        offset = 0
        saved = read_json(self.directory / "meta.json")
        if isinstance(saved, dict) and saved.get("version") == 1:
            offset = self._take_checkpoint(saved)
        if offset == 0:
            with contextlib.suppress(OSError):
                (self.directory / "meta.json").unlink(missing_ok=True)
        self._checkpointed = self.state.seq
        for record in self.journal.read_from(offset):
            self.state = reduce(self.state, record)
        if self.state.seq - self._checkpointed >= _CHECKPOINT_EVERY:
            self.checkpoint()

    def _take_checkpoint(self, saved: dict[str, object]) -> int:
        """A journal torn before its checkpoint grows past it again, with other records."""
        size = saved.get("journal")
        try:
            state = state_from_json(saved.get("state"))
        except ValueError:
            return 0
        if not isinstance(size, int) or self.journal.seq_before(size) != state.seq:
            return 0
        self.state = state
        return size
