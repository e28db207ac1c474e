"""Removes large directories, and measures their sizes, in the background.

Keep true: a directory is first renamed to a place that only this module uses, so that it is out of
the way at once and can be found after this process is killed; one removal runs at a time, in a
process of the lowest priority; no link out of a directory is followed.
"""

import errno
import logging
import os
import queue
import shlex
import shutil
import subprocess
import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from parallel_agents.core.worktree import Finding
from parallel_agents.worktrees.filesystem.files import (
    exists,
    make_usable,
    read_json,
    remove_tree,
    sync_directory,
    write_json,
)
from parallel_agents.worktrees.filesystem.mounts import mounts_below

log = logging.getLogger(__name__)

_PREFIX = ".dropped-"
_IDLE_SECONDS = 5.0
_STAYS_HERE = (errno.EXDEV, errno.EACCES, errno.EPERM)
"""Errors for a directory that can be renamed only within its parent: other file system or owner."""


class Sweeper:
    """One background worker.

    Args:
        directory: `<state>/dropped`, where everything waits for its removal.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._guard = threading.Lock()
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._worker: threading.Thread | None = None
        self._stuck: dict[Path, str] = {}

    def resume(self) -> None:
        """Continue the removals that an earlier process did not finish."""
        if self._directory.is_dir():
            for path in sorted(self._directory.iterdir()):
                self.later(lambda path=path: self._sweep(path))  # type: ignore[misc]

    def drop(self, path: Path, beside: Path) -> None:
        """Move a file or directory out of the way at once, and remove it later.

        Args:
            path: what to remove; it may be missing.
            beside: a directory on the same file system where it may wait.

        Raises:
            OSError: it could not be renamed; it has not moved.
        """
        if not exists(path):
            return
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        mark = uuid.uuid4().hex
        waiting = self._directory / mark
        make_usable(path)  # otherwise its parent cannot change
        try:
            path.rename(waiting)
        except OSError as error:
            if error.errno not in _STAYS_HERE:
                raise
            waiting = self._drop_beside(path, beside, mark)
        sync_directory(path.parent)
        self.later(lambda: self._sweep(waiting))

    def _drop_beside(self, path: Path, beside: Path, mark: str) -> Path:
        """Rename it to where that is possible, and record its new place."""
        waiting, target = self._directory / f"{mark}.json", beside / f"{_PREFIX}{mark}"
        write_json(waiting, {"path": str(target)})
        try:
            path.rename(target)
        except OSError:
            waiting.unlink()
            raise
        return waiting

    def findings(self) -> tuple[Finding, ...]:
        """Report what could not be removed."""
        with self._guard:
            stuck = dict(self._stuck)
        return tuple(
            Finding(
                kind="trash",
                session="",
                path=str(path),
                reason=f"{path} was dropped, but cannot be removed: {why}",
                action=shlex.join(["sudo", "rm", "-rf", "--one-file-system", "--", str(path)]),
            )
            for path, why in stuck.items()
            if exists(path)
        )

    def later(self, work: Callable[[], None]) -> None:
        """Run something after everything requested before; an `OSError` of it is logged."""
        self._work.put(work)
        with self._guard:
            if self._worker is None:
                self._worker = threading.Thread(target=self._run, name="sweeper", daemon=True)
                self._worker.start()

    def wait(self) -> None:
        """Wait until everything requested so far is done."""
        done = threading.Event()
        self.later(done.set)
        done.wait()

    def _run(self) -> None:
        while True:
            try:
                work = self._work.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                with self._guard:  # later requests will start a new worker
                    if self._work.empty():
                        self._worker = None
                        return
                continue
            try:
                work()
            except OSError as error:
                log.warning("could not tidy up: %s", error)

    def _sweep(self, waiting: Path) -> None:
        if waiting.suffix == ".json":
            named = Path(str((read_json(waiting) or {}).get("path", "")))
            if named.is_absolute() and named.name == f"{_PREFIX}{waiting.stem}":
                self._remove(named)
        if exists(waiting):
            self._remove(waiting)

    def _remove(self, path: Path) -> None:
        try:
            remove_gently(path)
        except OSError as error:
            with self._guard:
                self._stuck[path] = error.strerror or str(error)
            raise


def remove_gently(path: Path) -> None:
    """Remove a file or directory in a process of low priority.

    Args:
        path: what to remove; it may be missing.

    Raises:
        OSError: something could not be removed; or something is mounted in it, so it was left
            alone.
    """
    if mounts := mounts_below(path):
        raise OSError(errno.EBUSY, "something is mounted there; unmount it first", mounts[0])
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
        remove_tree(path)  # what `rm` cannot remove: read-only directories
