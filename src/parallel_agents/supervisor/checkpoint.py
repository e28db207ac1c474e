"""The saved facts of a session: written beside the event loop, since a disk may take its time.

Keep true: what is saved was in the journal before; one is written after the other, so that an
older one never takes the place of a newer one; a disk that hangs keeps nobody but who closes the
session waiting. What cannot be saved is folded again from the journal.
"""

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Any

from parallel_agents.core.codec import from_plain, to_plain
from parallel_agents.core.errors import StorageError, UserError
from parallel_agents.core.state import SessionState
from parallel_agents.supervisor.files import put_aside, read_json, write_json
from parallel_agents.supervisor.tasks import Tasks
from parallel_agents.supervisor.threads import Threads

log = logging.getLogger(__name__)

VERSION = 2
"""Of the form in which facts are saved; another one's are folded again from the journal."""


class Checkpoint:
    """`meta.json` of one session.

    Args:
        threads: where it is written.
        directory: the session's.
    """

    def __init__(self, threads: Threads, directory: Path) -> None:
        self._threads = threads
        self._path = directory / "meta.json"
        self._tasks = Tasks(f"session {directory.name}")
        self._wanted: tuple[SessionState, int] | None = None
        self._saving: asyncio.Task[None] | None = None

    def save(self, state: SessionState, size: int) -> None:
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

    def write(self, state: SessionState, size: int) -> None:
        """Save facts now; blocking.

        Args:
            state: the facts.
            size: of the journal that they rest on, in bytes.
        """
        value = {"version": VERSION, "journal": size, "state": to_plain(state)}
        with contextlib.suppress(UserError):  # the journal has everything
            write_json(self._path, value, sync=False)

    def read(self) -> tuple[SessionState, int]:
        """Read what was saved.

        Returns:
            Facts, and how many bytes of the journal they rest on; facts of nothing when there are
            none that can be read.
        """
        try:
            return _checkpointed(read_json(self._path))
        except StorageError:
            log.exception("session %s: its checkpoint cannot be read", self._path.parent.name)
            put_aside(self._path)
            return SessionState(), 0

    def forget(self) -> None:
        """Remove it: it does not fit the journal, and might seem to once that has grown."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def _checkpointed(saved: Any) -> tuple[SessionState, int]:  # noqa: ANN401 - whatever a file holds
    try:
        if saved["version"] == VERSION:
            return from_plain(saved["state"], SessionState), int(saved["journal"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        pass
    return SessionState(), 0
