"""Whether git is there and new enough.

Keep true: the answer is about the git that the caller's environment finds now; a program is asked
once, and again when its file has changed.
"""

import os
import shutil
from functools import lru_cache
from pathlib import Path

from parallel_agents.core.errors import RepositoryError
from parallel_agents.worktrees.plumbing import surroundings
from parallel_agents.worktrees.plumbing.git import Git

MINIMUM_GIT = (2, 36)
"""`worktree list -z` and `core.fsync` came with 2.36; nothing here needs a newer git."""


@lru_cache(maxsize=8)
def _version_of(program: tuple[str, int, int, int]) -> tuple[int, ...]:
    """Ask a program for its version, once as long as its file stays the same."""
    return Git("/").version()


def _version() -> tuple[int, ...]:
    path = shutil.which("git", path=surroundings.current().get("PATH", os.defpath))
    if path is None:
        return Git("/").version()  # it says what is missing
    try:
        about = Path(path).stat()
    except OSError:  # it was replaced just now
        return Git("/").version()
    return _version_of((path, about.st_ino, about.st_size, about.st_mtime_ns))


def require_git() -> str:
    """Check that git is installed and new enough.

    Returns:
        Its version, as digits and dots.

    Raises:
        RepositoryError: it is too old.
        GitError: it is not installed.
    """
    version = _version()
    if version < MINIMUM_GIT:
        least = ".".join(str(part) for part in MINIMUM_GIT)
        raise RepositoryError(
            f"git {'.'.join(map(str, version)) or '(unknown version)'} is too old",
            f"Install git {least} or newer.",
        )
    return ".".join(str(part) for part in version)
