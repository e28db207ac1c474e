"""When a remote branch was last fetched: by us, or by anybody whose fetch left git's own note.

Keep true: a branch counts as fetched only if a fetch named it; an unknown time is reported as
unknown.
"""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

from parallel_agents.worktrees.filesystem.files import read_json, read_regular, write_json
from parallel_agents.worktrees.plumbing.git import Git

_LIMIT = 16 << 20
_KEPT = 2000
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))
_NEWS_SECONDS = 600.0
_CREDENTIALS = re.compile(r"^(\w[\w+.-]*://)?[^/@]*@")
"""The part of a URL that git leaves out of its note."""


class Fetches:
    """Remembers the fetches of each ref.

    Args:
        path: our JSON file, created by the first write.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def remember(self, common_dir: str, ref: str) -> None:
        """Record that a remote branch was fetched now.

        Args:
            common_dir: the repository's common directory.
            ref: full name of the ref.

        Raises:
            OSError: the file cannot be written.
        """
        known = read_json(self._path) or {}
        known.pop(_key(common_dir, ref), None)
        known[_key(common_dir, ref)] = time.time()
        write_json(self._path, dict(list(known.items())[-_KEPT:]))

    def age(self, git: Git, common_dir: str, ref: str) -> float | None:
        """Compute how long ago a remote branch was fetched.

        Git's note overrides ours, because it may come from a later fetch.

        Args:
            git: a git in the repository.
            common_dir: the repository's common directory.
            ref: full name of the ref, `refs/remotes/...`.

        Returns:
            Seconds; `None` if unknown.
        """
        noted = max(_noted(git, Path(common_dir), ref), default=None)
        if noted is None:
            noted = (read_json(self._path) or {}).get(_key(common_dir, ref))
        return max(0.0, time.time() - noted) if isinstance(noted, float) else None

    def words(self, git: Git, common_dir: str, ref: str) -> str:
        """Say how old a remote branch is that was not fetched just now.

        Args:
            git: a git in the repository.
            common_dir: the repository's common directory.
            ref: full name of the ref.

        Returns:
            `, fetched 3 hours ago`; empty for a fetch of the last ten minutes.
        """
        return words_of(self.age(git, common_dir, ref))


def words_of(age: float | None) -> str:
    """Say how old something fetched is, in seconds; see `Fetches.words`."""
    if age is None:
        return ", as last fetched (it is not known when)"
    return f", fetched {_ago(age)}" if age > _NEWS_SECONDS else ""


def _key(common_dir: str, ref: str) -> str:
    return f"{common_dir}\0{ref}"


def _noted(git: Git, common: Path, ref: str) -> Iterator[float]:
    """Yield the times of fetches for which git noted this branch, in any checkout."""
    remote, _, branch = ref.removeprefix("refs/remotes/").partition("/")
    url = git.read("remote", "get-url", "--", remote, ok=(0, 2, 128)).text
    shown = _CREDENTIALS.sub(r"\1", url).rstrip("/").removesuffix(".git")
    end = os.fsencode(f"branch '{branch}' of {shown}")
    for mark in (common / "FETCH_HEAD", *common.glob("worktrees/*/FETCH_HEAD")):
        lines = (read_regular(mark, _LIMIT) or b"").split(b"\n")
        if any(line.endswith(end) for line in lines):
            yield mark.stat().st_mtime


def _ago(seconds: float) -> str:
    for size, unit in _UNITS:
        if (count := int(seconds // size)) >= 1:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
