"""Removes large directories, and counts their sizes, while nobody waits.

Keep true: what is to go is first renamed to where only this module looks, so that it is out of
the way at once and a killed process's successor finds it; one removal at a time, by a process of
the lowest priority; nothing is followed out of a directory.
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
from parallel_agents.worktrees.files import (
    exists,
    make_usable,
    read_json,
    remove_tree,
    sync_directory,
    write_json,
)
from parallel_agents.worktrees.mounts import mounts_below

log = logging.getLogger(__name__)

_PREFIX = ".dropped-"
_IDLE_SECONDS = 5.0
_STAYS_HERE = (errno.EXDEV, errno.EACCES, errno.EPERM)
"""Why a directory can be renamed only within the one it is in: another filesystem, or owner."""


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
        self._stuck: dict[Path, str] = {}

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
        make_usable(path)  # else it cannot change its parent
        try:
            path.rename(waiting)
        except OSError as error:
            if error.errno not in _STAYS_HERE:
                raise
            waiting = self._drop_beside(path, beside, mark)
        sync_directory(path.parent)
        self.later(lambda: self._sweep(waiting))

    def _drop_beside(self, path: Path, beside: Path, mark: str) -> Path:
        """Rename it where it may be renamed, and note where it went."""
        waiting, target = self._directory / f"{mark}.json", beside / f"{_PREFIX}{mark}"
        write_json(waiting, {"path": str(target)})
        try:
            path.rename(target)
        except OSError:
            waiting.unlink()
            raise
        return waiting

    def findings(self) -> tuple[Finding, ...]:
        """Report what could not be removed.

        Returns:
            One finding each.
        """
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
            try:
                work = self._work.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                with self._guard:  # what is asked for from now on finds no worker
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
    """Remove a file or directory by a process of low priority; missing is fine.

    Args:
        path: what is to go.

    Raises:
        OSError: something could not be removed, or has something mounted in it and is left alone.
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
        remove_tree(path)  # what `rm` may not: read-only directories
