"""One writer per repository, in this process and after its death; and git's own lock files.

Keep true: the git processes that we start for writing inherit the file lock, so that whoever comes
after a killed supervisor waits until they have ended, and may then clean up what they left. We
remove a lock file of git only if an operation of ours was cut off and no live process can hold it.
"""

import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from parallel_agents.core.errors import GitError
from parallel_agents.worktrees.filesystem.files import read_regular

_WAIT_SECONDS = 120.0
_POLL_SECONDS = 0.02
_TURN_SECONDS = 0.1
_STALE_SECONDS = 2.0
_PATH_LIMIT = 16 * 1024


@dataclass(frozen=True, slots=True)
class _Wait:
    """The end of a wait for a lock (`time.monotonic`), and whether it was cancelled."""

    ends: float
    cancelled: Callable[[], bool] | None

    def check(self) -> None:
        """Raise an error once the wait has timed out or was cancelled."""
        if time.monotonic() > self.ends:
            raise _busy()
        if self.cancelled is not None and self.cancelled():
            raise GitError("waiting for the repository was cancelled", returncode=-1)


class RepositoryLocks:
    """Hands out the lock of each repository.

    Args:
        directory: where the lock files are; created if missing.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}

    @contextmanager
    def hold(
        self,
        common_dir: str,
        seconds: float = _WAIT_SECONDS,
        cancelled: Callable[[], bool] | None = None,
    ) -> Iterator[int]:
        """Hold a repository's lock; one thread cannot take it twice.

        Args:
            common_dir: the directory that all its worktrees share, real path.
            seconds: how long to wait.
            cancelled: called about ten times a second while waiting; true stops the wait.

        Yields:
            The descriptor of the lock file, for git to inherit.

        Raises:
            GitError: the lock stayed taken all the time, or the wait was cancelled.
        """
        wait = _Wait(time.monotonic() + seconds, cancelled)
        with self._guard:
            lock = self._locks.setdefault(common_dir, threading.Lock())
        while not lock.acquire(timeout=_TURN_SECONDS):
            wait.check()
        try:
            yield from self._hold_file(common_dir, wait)
        finally:
            lock.release()

    def _hold_file(self, common_dir: str, wait: "_Wait") -> Iterator[int]:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = hashlib.sha256(os.fsencode(common_dir)).hexdigest()[:32]
        path = self._directory / f"{name}.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            while not _try_lock(descriptor):
                wait.check()
                time.sleep(_POLL_SECONDS)
            yield descriptor
        finally:
            os.close(descriptor)


def clear_leftovers(common_dir: str, *refs: str) -> None:
    """Remove the lock files and half-written files of refs that a killed git of ours left.

    Call this only while holding the repository's lock, and only to continue an operation that is
    recorded as cut off.

    Args:
        common_dir: the repository's common directory.
        refs: full names of the refs that the operation writes.
    """
    # Git writes the new packed refs to a file with this name while it holds the lock.
    for name in (*(f"{ref}.lock" for ref in refs), "packed-refs.lock", "packed-refs.new"):
        path = Path(common_dir) / name
        while (age := _age(path)) is not None:
            if age > _STALE_SECONDS:
                if not _git_runs(common_dir):
                    path.unlink(missing_ok=True)
                break
            time.sleep(_POLL_SECONDS)


def _age(path: Path) -> float | None:
    try:
        return time.time() - path.lstat().st_mtime
    except (FileNotFoundError, NotADirectoryError):
        return None


def _git_runs(common_dir: str) -> bool:
    """Look for a git process working in the repository; git changes to its working directory."""
    places = [common_dir, str(Path(common_dir).parent)]
    places += [
        str(Path(os.fsdecode((read_regular(admin, _PATH_LIMIT) or b"").strip())).parent)
        for admin in Path(common_dir).glob("worktrees/*/gitdir")
    ]
    for running in psutil.process_iter(["name", "cwd"]):
        name, cwd = running.info["name"] or "", running.info["cwd"] or ""
        if name.startswith("git") and any(f"{cwd}/".startswith(f"{p}/") for p in places):
            return True
    return False


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _busy() -> GitError:
    return GitError(
        "another operation is still running in this repository",
        "Wait for it to end, then try again.",
        returncode=-1,
    )
