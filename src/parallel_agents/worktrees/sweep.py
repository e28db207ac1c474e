"""Removes large directories, and counts their sizes, while nobody waits.

Keep true: what is to go is first renamed to where only this module looks, so that it is out of
the way at once and a killed process's successor finds it; one removal at a time, by a process of
the lowest priority; nothing is followed out of a directory.
"""

import logging
import os
import queue
import shutil
import subprocess
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from parallel_agents.worktrees.files import (
    exists,
    is_symlink,
    read_json,
    remove_tree,
    sync_directory,
    write_json,
)

log = logging.getLogger(__name__)

_PREFIX = ".dropped-"


class Sweeper:
    """One background worker.

    Args:
        directory: `<state>/dropped`, where what is to go waits.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._guard = threading.Lock()
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._worker: threading.Thread | None = None

    def resume(self) -> None:
        """Go on with what an earlier process did not get done."""
        if self._directory.is_dir():
            for path in sorted(self._directory.iterdir()):
                self.later(lambda path=path: self._sweep(path))  # type: ignore[misc]

    def drop(self, path: Path, beside: Path) -> None:
        """Take a file or directory out of the way at once, and remove it later.

        Args:
            path: what is to go; missing is fine.
            beside: a directory on its filesystem where it may wait.

        Raises:
            OSError: it could not be renamed; it is where it was.
        """
        if not exists(path):
            return
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        mark = uuid.uuid4().hex
        waiting = self._directory / mark
        if not is_symlink(path) and path.is_dir():
            path.chmod(path.stat().st_mode | 0o700)  # else it cannot change its parent
        if path.lstat().st_dev != self._directory.stat().st_dev:
            target = beside / f"{_PREFIX}{mark}"
            waiting = self._directory / f"{mark}.json"
            write_json(waiting, {"path": str(target)})
            path.rename(target)
        else:
            path.rename(waiting)
        sync_directory(path.parent)
        self.later(lambda: self._sweep(waiting))

    def later(self, work: Callable[[], None]) -> None:
        """Do something when all that was asked before is done.

        Args:
            work: what; an `OSError` of it is logged.
        """
        self._work.put(work)
        with self._guard:
            if self._worker is None:
                self._worker = threading.Thread(target=self._run, name="sweeper", daemon=True)
                self._worker.start()

    def wait(self) -> None:
        """Wait until all that was asked so far is done."""
        done = threading.Event()
        self.later(done.set)
        done.wait()

    def _run(self) -> None:
        while True:
            work = self._work.get()
            try:
                work()
            except OSError as error:
                log.warning("could not tidy up: %s", error)

    def _sweep(self, waiting: Path) -> None:
        if waiting.suffix == ".json":
            named = Path(str((read_json(waiting) or {}).get("path", "")))
            if named.is_absolute() and named.name == f"{_PREFIX}{waiting.stem}":
                remove_gently(named)
        if exists(waiting):
            remove_gently(waiting)


def remove_gently(path: Path) -> None:
    """Remove a file or directory by a process of low priority; missing is fine.

    Args:
        path: what is to go.

    Raises:
        OSError: something could not be removed.
    """
    words = [shutil.which(name) for name in ("nice", "rm")]
    if all(words) and exists(path):
        words = [words[0], "-n", "19", words[1], "-rf", "--one-file-system", "--", str(path)]
        subprocess.run(
            [os.fsencode(word or "") for word in words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    with suppress(FileNotFoundError):
        remove_tree(path)  # what `rm` may not: read-only directories
