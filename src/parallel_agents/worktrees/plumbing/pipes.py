"""Keep git from waiting for ever at a pipe that replaces a file which it reads or appends to.

Keep true: nothing is written to a pipe, and nothing is read from one; only names that git opens
automatically are searched for; no step of the search takes long.
"""

import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 0.2
"""Seconds for which git may run before we look for pipes; most calls take less."""
_SLICE = 0.05
_PAUSE = 2.0
_READ_BY_GIT = frozenset({".gitignore", ".gitattributes", ".gitmodules", ".mailmap", ".git"})
_WRITE = os.O_WRONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(slots=True)
class Pipes:
    """The pipes at which one git process may be waiting.

    Args:
        work_tree: where git works.
        git_dir: git's directory for it, if given; otherwise it is searched for.
    """

    work_tree: str
    git_dir: str | None
    _found: dict[str, bool] = field(default_factory=dict)
    _held: dict[str, int] = field(default_factory=dict)
    _walk: Iterator[None] | None = None
    _next: float = 0.0

    def let_go(self) -> None:
        """Release git from every pipe found so far, then continue the search for a short time."""
        for path, appended in self._found.items():
            self._end(path, appended=appended)
        now = time.monotonic()
        if now < self._next:
            return
        if self._walk is None:
            self._walk = self._look()
        while time.monotonic() - now < _SLICE:
            try:
                next(self._walk)
            except StopIteration:
                self._walk, self._next = None, time.monotonic() + _PAUSE
                return

    @property
    def pause(self) -> float:
        """Seconds until the next `let_go`: git may open the same pipe many times."""
        return 0.01 if self._found else 0.1

    def close(self) -> None:
        """Close the descriptors."""
        self._walk = None
        while self._held:
            os.close(self._held.popitem()[1])

    def _look(self) -> Iterator[None]:
        for top in _directories(self.work_tree, self.git_dir):
            for folder, below, names in os.walk(top):
                if Path(folder).name == "objects":
                    below[:] = [name for name in below if len(name) > 2]  # skip loose objects
                yield from self._note(folder, names)
        for folder, below, names in os.walk(self.work_tree):
            if ".git" in below or (folder != self.work_tree and ".git" in names):
                below[:] = [name for name in below if name != ".git"]
                if folder != self.work_tree:  # another repository, which git does not enter
                    below.clear()
            yield from self._note(folder, [name for name in names if name in _READ_BY_GIT])

    def _note(self, folder: str, names: list[str]) -> Iterator[None]:
        for name in names:
            path = os.path.join(folder, name)  # noqa: PTH118 - one for each file of git's
            if path not in self._found and _is_pipe(path):
                self._found[path] = appended = "logs" in Path(folder).parts
                self._end(path, appended=appended)
        yield

    def _end(self, path: str, *, appended: bool) -> None:
        """Open and close the other end, so that a process waiting to read finds the pipe empty."""
        with suppress(OSError):  # ENXIO: no process waits there
            if not _is_pipe(path):
                return
            if appended and path not in self._held:
                self._held[path] = os.open(path, _READ)
            mode = stat.S_IMODE(os.lstat(path).st_mode)
            try:
                os.close(os.open(path, _WRITE))
            except PermissionError:
                _end_closed(path, mode)


def _end_closed(path: str, mode: int) -> None:
    """Do the same for a read-only pipe of ours, and restore its permissions."""
    os.chmod(path, mode | stat.S_IWUSR)  # noqa: PTH101 - as its neighbours
    try:
        os.close(os.open(path, _WRITE))
    finally:
        os.chmod(path, mode)  # noqa: PTH101 - as its neighbours


def _is_pipe(path: str) -> bool:
    try:
        return stat.S_ISFIFO(os.lstat(path).st_mode)
    except OSError:
        return False


def _directories(work_tree: str, git_dir: str | None) -> list[Path]:
    """Find git's own directories: the worktree's, and the one that all worktrees share."""
    if git_dir is None:
        places = (Path(work_tree, ".git"), Path(work_tree))
        return [path for path in places if os.path.lexists(path / "objects")]
    top = Path(git_dir)
    return [top, top.parent.parent] if top.parent.name == "worktrees" else [top]
