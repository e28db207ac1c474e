"""The ledger of one session, and what of a session is kept beside it.

Keep true: nothing here starts a process or runs git (`driver` and `workplace` do that); damage is
reported in the session; without its first record, on which all others rest, a session is not read.
"""

import asyncio
import contextlib
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from parallel_agents.core.codec import from_plain, load_record, to_plain
from parallel_agents.core.errors import StorageError, UserError
from parallel_agents.core.events import (
    Event,
    JournalDamaged,
    Record,
    RunStarted,
    SessionCreated,
)
from parallel_agents.core.reduce import FACT_OF, reduce
from parallel_agents.core.state import SessionState
from parallel_agents.supervisor.base.small_files import (
    is_environment,
    put_aside,
    read_json,
    sync_path,
    write_json,
)
from parallel_agents.supervisor.record.context import Context, now_ms
from parallel_agents.supervisor.record.fact_form import Form
from parallel_agents.supervisor.record.ledger import Ledger
from parallel_agents.supervisor.record.run_log import LogLine

_FIRST = "created.json"
_ENVIRONMENT = "environment.json"
_RAW_LIMIT = 4096
DISK_PATIENCE = 0.5
"""Seconds before writing to a full disk is tried again."""
FORM = Form(facts=SessionState, read=load_record, fold=reduce, version=3)


class SessionLedger(Ledger[SessionState, Record]):
    """Journal and facts of one session.

    Args:
        context: what all sessions share.
        directory: `sessions/<id>`, which exists.

    Raises:
        StorageError: the journal cannot be read, or is not this session's.
    """

    def __init__(self, context: Context, directory: Path) -> None:
        self.context = context
        super().__init__(context.threads, directory, FORM, f"session {directory.name}", self._told)

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
    ) -> None:
        """Journal events, fold them, and tell every subscriber.

        Args:
            events: what happened, in order; all are recorded or none.
            key: uuid of the client's request that caused it.
            run: number of the process start that they came from.
            line: the agent's line that they came from.

        Raises:
            StorageError: nothing was recorded.
        """
        if events:
            self.append(self._records(events, key, run, line))

    def _told(self, record: Record) -> None:
        if record.seq == 1:
            self._keep_first(record)
        self.context.hub.record(self.id, record)

    async def record_patiently(
        self, *events: Event, run: int = 0, line: LogLine | None = None
    ) -> None:
        """Journal an agent's events; while the disk is full, wait, so that the agent waits too."""
        while True:
            try:
                self.record(*events, run=run, line=line)
            except StorageError:
                await asyncio.sleep(DISK_PATIENCE)
            else:
                return

    async def page(self, first: int, last: int) -> list[Record]:
        """Read records of the journal, and report damage that was found; see `Journal.page`.

        Raises:
            StorageError: the journal cannot be read.
        """
        found = await super().page(first, last)
        self.tell_damage()
        return found

    async def turn_offset(self) -> int:
        """Where the latest turn begins in the log of the current run."""
        ended = self.state.because.get("outcome")
        found = await self.page(ended.seq, ended.seq) if ended else []
        return next((r.offset for r in found if r.run == self.state.process.run), 0)

    def find_lost_run(self) -> None:
        """Journal again a start whose record cannot be read but whose directory exists."""
        state, runs = self.state, self.directory / "runs"
        numbers = (
            [int(d.name) for d in runs.iterdir() if d.name.isdecimal()] if runs.is_dir() else []
        )
        run = max(numbers, default=0)
        if run <= state.process.run:
            return
        known = (r.offset for r in self.journal.read_from(0) if r.run == run)
        self.record(
            RunStarted(
                run=run,
                conversation=state.conversation.id,
                resumed="turn" in state.because,
                offset=max(known, default=0),
            )
        )

    def tell_damage(self) -> None:
        """Journal the number of unreadable records when it has grown."""
        if self.damaged > self.state.session.damaged:
            with contextlib.suppress(StorageError):  # it is reported when the disk has room again
                self.record(JournalDamaged(records=self.damaged))

    def environment(self) -> dict[str, str]:
        """The environment of whoever dispatched the session, as far as it is kept.

        Raises:
            StorageError: it cannot be read; no process may start without it.
        """
        try:
            return read_json(self.directory / _ENVIRONMENT, is_environment) or {}
        except StorageError as error:
            hint = f"To give it this shell's environment: parallel-agents respawn {self.id}"
            raise StorageError(error.message, hint) from error

    def keep_environment(self, environment: dict[str, str], *, sync: bool = True) -> None:
        """Store the environment for this and every later start; blocking.

        Args:
            environment: the environment to store.
            sync: wait until it is on the disk; otherwise `syncing` does.

        Raises:
            StorageError: the previous environment is still there.
        """
        path = self.directory / _ENVIRONMENT
        try:
            read_json(path, is_environment)
        except StorageError:
            put_aside(path)
        write_json(path, environment, sync=sync)
        if not sync:
            self.syncing.owe("environment", partial(sync_path, path))
            self.syncing.owe("names", partial(sync_path, path.parent))

    def remove(self) -> None:
        """Remove the session's whole directory, after `close`; blocking.

        Raises:
            OSError: not all of it could be removed.
        """
        # Remove first the file that says a journal must exist: then an interruption here leaves no
        # session that looks damaged.
        (self.directory / _FIRST).unlink(missing_ok=True)
        shutil.rmtree(self.directory)

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

    def _take(self, record: Record) -> None:
        if record.seq == 1 and not self._is_ours(record.event):
            self._unfolded += 1
            return
        if record.seq > 1 and not self.state.seq:
            self._begin_from_copy()
        self._fold(record)
        if record.seq == 1:
            self._keep_first(record)

    def _check_loaded(self) -> None:
        if self.journal.size and not self.state.seq:
            self._begin_from_copy()
        if not self.journal.size and (self.directory / _FIRST).exists():
            raise StorageError(f"cannot read {self.journal.path}: it is missing or empty")

    def _is_ours(self, event: Event) -> bool:
        """Whether the first record is this session's: without a checksum it may be damaged."""
        return isinstance(event, SessionCreated) and event.id == self.directory.name

    def _keep_first(self, record: Record) -> None:
        """Keep a copy of the first record, on which all others rest."""
        path = self.directory / _FIRST
        if not path.exists():
            with contextlib.suppress(UserError):  # the journal has it
                write_json(path, to_plain(record), sync=False)

    def _begin_from_copy(self) -> None:
        """Start from the copy when the first record, which all others rest on, cannot be read."""
        found = read_json(self.directory / _FIRST)
        if found is None:
            raise StorageError(f"cannot read {self.journal.path}: its first record is damaged")
        self._fold(from_plain(found, Record))
