"""Look at a worktree's files without touching its index.

Keep true: nothing is written into the repository; the worktree's index is copied with its time,
because git's test for files changed in the same instant depends on it.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.filesystem.files import exists, read_regular
from parallel_agents.worktrees.look.identity import admin_dir, git_of, require
from parallel_agents.worktrees.look.unread import closed_directories
from parallel_agents.worktrees.plumbing.git import Git, attempt
from parallel_agents.worktrees.plumbing.porcelain import fields

_INDEX_LIMIT = 1 << 32


@contextmanager
def private_index(record: WorktreeRecord, temporary: Path) -> Iterator[Git]:
    """Yield a git whose index is a copy of the worktree's.

    Args:
        record: the worktree, which must match its record.
        temporary: directory for the copy.

    Yields:
        The git.

    Raises:
        WorktreeError: the worktree does not match its record.
    """
    require(record)
    temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=temporary) as directory:
        copy = Path(directory) / "index"
        copy_index(admin_dir(record) / "index", copy)
        yield git_of(record).with_index(str(copy))


def copy_index(source: Path, target: Path) -> None:
    """Copy an index file with its time; a missing one counts as empty, an unreadable one as broken.

    Args:
        source: the worktree's index.
        target: the copy.
    """
    data = read_regular(source, _INDEX_LIMIT)
    if data is None:
        if exists(source):
            target.write_bytes(b"")  # git reports this, like any broken index, as unreadable
        return
    target.write_bytes(data)
    shutil.copystat(source, target, follow_symlinks=False)


def mend_index(git: Git) -> bool:
    """Start from HEAD if git cannot read its private index.

    Args:
        git: a git with a private index.

    Returns:
        Whether that was necessary.

    Raises:
        GitError: git failed for a reason that may be temporary.
    """
    broken = attempt(lambda: git.read("ls-files", "--stage", "-z"))
    if broken is None and git.index_is_whole():
        return False
    git.drop_index()
    attempt(lambda: git.write("read-tree", "HEAD"))
    return True


class Untracked(NamedTuple):
    """What git neither tracks nor ignores.

    Args:
        files: their paths.
        nested: repositories, whose files git does not see.
        closed: directories that could not be read.
    """

    files: tuple[str, ...]
    nested: tuple[str, ...]
    closed: tuple[str, ...]


def untracked(git: Git) -> Untracked:
    """List what git neither tracks nor ignores."""
    listed = git.read("ls-files", "-z", "--others", "--exclude-standard")
    names = fields(listed.stdout)
    return Untracked(
        tuple(name for name in names if not name.endswith("/")),
        tuple(name for name in names if name.endswith("/")),
        closed_directories(listed.stderr),
    )


def main_fingerprint(root: str) -> str:
    """Hash the state of the main checkout: HEAD, index, status, times of changed files.

    Args:
        root: the main worktree; a bare directory has only its HEAD.

    Returns:
        sha256, hex; unchanged as long as nobody touches the checkout.
    """
    git = Git(root)
    digest = hashlib.sha256()
    for args in (("rev-parse", "HEAD"), ("symbolic-ref", "--quiet", "HEAD")):
        digest.update(git.read(*args, ok=(0, 1, 128)).stdout + b"\0")
    if git.read("rev-parse", "--is-bare-repository").line != "true":
        digest.update(git.read("ls-files", "--stage", "-z").stdout)
        listed = git.read(
            "status", "--porcelain=v1", "-z", "--no-renames", "--ignore-submodules=dirty"
        ).stdout
        digest.update(listed)
        for line in fields(listed):
            digest.update(_times(Path(root) / line[3:]))
    return digest.hexdigest()


def _times(path: Path) -> bytes:
    try:
        found = path.lstat()
    except OSError:
        return b"missing\0"
    return f"{found.st_size} {found.st_mtime_ns} {found.st_mode}\0".encode()
