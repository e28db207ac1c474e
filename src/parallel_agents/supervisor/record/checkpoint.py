"""Saved facts, of a session or a person: written beside the event loop, since a disk may take time.

Keep true: what is saved was in the journal before; one is written after the other, so that an
older one never takes the place of a newer one; a disk that hangs keeps nobody but who closes the
ledger waiting. What cannot be saved is folded again from the journal.
"""

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Any, Generic

from parallel_agents.core.codec import from_plain, to_plain
from parallel_agents.core.errors import StorageError, UserError
from parallel_agents.supervisor.base.small_files import put_aside, read_json, write_json
from parallel_agents.supervisor.base.tasks import Tasks
from parallel_agents.supervisor.base.threads import Threads
from parallel_agents.supervisor.record.fact_form import F, Form, R

log = logging.getLogger(__name__)


class Checkpoint(Generic[F, R]):
    """`meta.json` beside a journal.

    Args:
        threads: where it is written.
        directory: where the journal is.
        form: what the facts are.
    """

    def __init__(self, threads: Threads, directory: Path, form: Form[F, R]) -> None:
        self._form = form
        self._threads = threads
        self._path = directory / "meta.json"
        self._tasks = Tasks(f"checkpoint of {directory.name}")
        self._wanted: tuple[F, int] | None = None
        self._saving: asyncio.Task[None] | None = None

    def save(self, state: F, size: int) -> None:
        """Save facts soon; those that wait for an earlier save to end give way to these.

        Args:
            state: the facts.
            size: of the journal that they rest on, in bytes.
        """
        self._wanted = (state, size)
        if self._saving is None or self._saving.done():
            self._saving = self._tasks.start("save the facts", self._save())

    async def saved(self) -> None:
        """Wait until what was to be saved is, or could not be."""
        if self._saving is not None:
            await asyncio.wait({self._saving})

    async def _save(self) -> None:
        while self._wanted is not None:
            (state, size), self._wanted = self._wanted, None
            await self._threads.disk(self.write, state, size)

    def write(self, state: F, size: int) -> None:
        """Save facts now; blocking.

        Args:
            state: the facts.
            size: of the journal that they rest on, in bytes.
        """
        value = {"version": self._form.version, "journal": size, "state": to_plain(state)}
        with contextlib.suppress(UserError):  # the journal has everything
            write_json(self._path, value, sync=False)

    def read(self) -> tuple[F, int]:
        """Read what was saved.

        Returns:
            Facts, and how many bytes of the journal they rest on; facts of nothing when there are
            none that can be read.
        """
        try:
            return self._fitting(read_json(self._path))
        except StorageError:
            log.exception("%s cannot be read", self._path)
            put_aside(self._path)
            return self._form.facts(), 0

    def forget(self) -> None:
        """Remove it: it does not fit the journal, and might seem to once that has grown."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)

    def _fitting(self, saved: Any) -> tuple[F, int]:  # noqa: ANN401 - whatever a file holds
        form = self._form
        try:
            if saved["version"] == form.version:
                return from_plain(saved["state"], form.facts), int(saved["journal"])
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            pass
        return form.facts(), 0
