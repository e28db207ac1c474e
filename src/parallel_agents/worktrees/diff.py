"""What a session changed, against the right base, without touching its index.

Keep true: nothing is written into the repository; the worktree's index is copied, with its time
(git's test for files changed in the same instant depends on it), and untracked files are entered
into the copy; submodules and nested repositories are never looked into, since their own settings
would run.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from parallel_agents.core.diff import parse_stat, patch_text
from parallel_agents.core.worktree import DiffStat, WorktreeRecord
from parallel_agents.worktrees import filters
from parallel_agents.worktrees.files import read_regular
from parallel_agents.worktrees.git import Git
from parallel_agents.worktrees.identity import admin_dir, git_of, require
from parallel_agents.worktrees.porcelain import fields

_FLAGS = (
    "--raw",
    "--numstat",
    "-z",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--find-renames",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--ignore-submodules=dirty",
    "--submodule=short",
)
_EXACT = ("--binary", "--full-index", "--unified=3", "--inter-hunk-context=0", "--no-relative")
_INDEX_LIMIT = 1 << 32


@contextmanager
def private_index(record: WorktreeRecord, temporary: Path) -> Iterator[Git]:
    """Lend a git whose index is a copy of the worktree's.

    Args:
        record: the worktree, which must match its record.
        temporary: directory for the copy.

    Yields:
        The git.

    Raises:
        WorktreeError: the worktree is not as recorded.
    """
    require(record)
    temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=temporary) as directory:
        copy = Path(directory) / "index"
        copy_index(admin_dir(record) / "index", copy)
        git = git_of(record).with_index(str(copy))
        filters.hide(git, record.started_at)
        yield git


def copy_index(source: Path, target: Path) -> None:
    """Copy an index file with its time; a missing one is an empty index.

    Args:
        source: the worktree's index.
        target: the copy.
    """
    data = read_regular(source, _INDEX_LIMIT)
    if data is None:
        return
    target.write_bytes(data)
    shutil.copystat(source, target, follow_symlinks=False)


def untracked(git: Git) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """List what git does not track and does not ignore.

    Args:
        git: a git in the worktree.

    Returns:
        The files, and the nested repositories (whose files git does not see).
    """
    names = fields(git.read("ls-files", "-z", "--others", "--exclude-standard").stdout)
    files = tuple(name for name in names if not name.endswith("/"))
    return files, tuple(name for name in names if name.endswith("/"))


def diff_base(git: Git, record: WorktreeRecord) -> tuple[str, str]:
    """Choose what the diff is against: see `docs/worktrees.md`, "What the diff shows".

    Args:
        git: a git in the worktree.
        record: its record.

    Returns:
        Name for people, and full hash.
    """
    if record.base_ref is not None:
        found = git.read("merge-base", "HEAD", record.base_ref, ok=(0, 1, 128))
        commit = found.line
        if found.returncode == 0 and commit and _is_ancestor(git, record.base_commit, commit):
            return record.base, commit
    return f"{record.base} as of {record.base_commit[:12]}", record.base_commit


def diff_stat(record: WorktreeRecord, temporary: Path) -> DiffStat:
    """List the changed files with their counts.

    Args:
        record: the worktree.
        temporary: directory for short-lived files.

    Returns:
        The files and what they are compared with.
    """
    with private_index(record, temporary) as git:
        left = _enter_untracked(git, record)
        name, commit = diff_base(git, record)
        data = git.read("diff", *_FLAGS, commit, "--").stdout
        against = f"{name}{filters.note(left)}"
        return DiffStat(against=against, commit=commit, files=parse_stat(data))


def diff_data(record: WorktreeRecord, temporary: Path, *, exact: bool = False) -> bytes:
    """Print the whole diff for `core.diff.parse_diff`.

    Args:
        record: the worktree.
        temporary: directory for short-lived files.
        exact: with what `git apply` needs: the content of binary files, whole hashes.

    Returns:
        Output of `git diff --raw --numstat -p -z`.
    """
    with private_index(record, temporary) as git:
        _enter_untracked(git, record)
        _, commit = diff_base(git, record)
        more = _EXACT if exact else ()
        return git.read("diff", *_FLAGS, *more, "-p", commit, "--").stdout


def diff_file(record: WorktreeRecord, path: str, temporary: Path) -> str:
    """Print the patch of one file.

    Args:
        record: the worktree.
        path: name of the file now, as `diff_stat` gives it.
        temporary: directory for short-lived files.

    Returns:
        The patch; empty when the file is not changed.
    """
    with private_index(record, temporary) as git:
        _enter_untracked(git, record)
        _, commit = diff_base(git, record)
        stats = parse_stat(git.read("diff", *_FLAGS, commit, "--").stdout)
        for stat in stats:
            if stat.path == path:
                names = [name for name in (stat.old_path, path) if name]
                return patch_text(git.read("diff", *_FLAGS, "-p", commit, "--", *names).stdout)
    return ""


def main_fingerprint(root: str) -> str:
    """Hash the state of the main checkout: HEAD, index, status, times of changed files.

    Args:
        root: the main worktree; a bare directory has only its HEAD.

    Returns:
        sha256, hex; equal as long as nobody touched the checkout.
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


def _enter_untracked(git: Git, record: WorktreeRecord) -> tuple[str, ...]:
    """Put untracked files into the private index, empty: the diff then reads them from the disk.

    Returns the paths, tracked ones too, that must not be read.
    """
    found, _ = untracked(git)
    left = filters.left_out(git, record.started_at, found)
    names = [name for name in found if name not in left]
    if not names:
        return left
    empty = git.read("hash-object", "-t", "blob", os.devnull).line
    lines = b"".join(f"100644 {empty}\t".encode() + os.fsencode(name) + b"\0" for name in names)
    git.write("update-index", "-z", "--index-info", stdin=lines)
    return left


def _is_ancestor(git: Git, ancestor: str, commit: str) -> bool:
    result = git.read("merge-base", "--is-ancestor", ancestor, commit, ok=(0, 1, 128))
    return result.returncode == 0
