"""Copies the ignored files that `.worktreeinclude` lists into a new worktree.

Keep true: git itself does the matching; only regular files are copied, never through a symbolic
link, never over an existing file, never over a name that the base tracks (in any case or Unicode
form), never out of either tree; a copy gets its name only when it is complete; a copied file that
the base does not ignore becomes ignored, so that no secret is committed by accident.
"""

import errno
import fcntl
import fnmatch
import hashlib
import itertools
import os
import stat
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from parallel_agents.core.worktree import CopiedFile
from parallel_agents.worktrees.filesystem.appearing import appearing
from parallel_agents.worktrees.filesystem.files import (
    is_symlink,
    open_directory,
    opened_parent,
    read_regular,
)
from parallel_agents.worktrees.look import exclude
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.plumbing.porcelain import fields

FILE_NAME = ".worktreeinclude"
_PIECE = 1 << 20
_LIST_LIMIT = 1 << 20
_LOOKED_AT = 10_000
_FICLONE = 0x40049409
"""`FICLONE` from `linux/fs.h`; other systems reject it."""


def copy_included(
    source: Git, target: Git, common_dir: str
) -> tuple[tuple[CopiedFile, ...], tuple[str, ...]]:
    """Copy the files that the source checkout's `.worktreeinclude` lists.

    Args:
        source: a git in the checkout that the files come from.
        target: a git in the new worktree.
        common_dir: the repository's common directory, for its `info/exclude`.

    Returns:
        The copied files, and notes for the user.

    Raises:
        OSError: a file could not be written.
        GitError: git failed.
    """
    top = Path(source.directory)
    if read_regular(top / FILE_NAME, 1) is None:
        linked = is_symlink(top / FILE_NAME)
        return (), ((f"{FILE_NAME} is a symbolic link and was not read.",) if linked else ())
    wanted = _matching(source, f"--exclude-from={top / FILE_NAME}")
    wanted &= _matching(source, "--exclude-standard")
    names = sorted(name for name in wanted if _may_copy(name))
    tracked = {folded(name) for name in fields(target.read("ls-files", "-z").stdout)}
    blocked = [name for name in names if not tracked.isdisjoint(ways(name))]
    names = [name for name in names if tracked.isdisjoint(ways(name))]
    shown = unignored(target, names)
    unnameable = [name for name in shown if exclude.pattern_for(name) is None]
    exclude.add_lines(common_dir, [p for n in shown if (p := exclude.pattern_for(n))])
    copied, left = copy_files(
        top, Path(target.directory), [n for n in names if n not in unnameable]
    )
    return copied, _notes([*blocked, *unnameable, *left, *_special(top)], shown)


def _special(top: Path) -> list[str]:
    """Find pipes, sockets and devices that the file names, since git lists none of them."""
    listed = os.fsdecode(read_regular(top / FILE_NAME, _LIST_LIMIT) or b"").splitlines()
    lines = [line.strip() for line in listed]
    wanted = [line.strip("/") for line in lines if line and line[0] not in "#!"]
    real = os.path.realpath(top)
    wanted = [
        w for w in wanted if "\0" not in w and os.path.realpath(f"{real}/{w}") == f"{real}/{w}"
    ]
    found = {name for name in wanted if _is_special(top / name)}
    for folder in ("", *wanted):
        with suppress(OSError), os.scandir(top / folder) as entries:
            for entry in itertools.islice(entries, _LOOKED_AT):
                name = f"{folder}/{entry.name}" if folder else entry.name
                named = folder or any(fnmatch.fnmatchcase(name, line) for line in wanted)
                found |= {name} if named and _is_special(Path(entry.path)) else set()
    return sorted(found)


def _is_special(path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode))


def copy_files(
    source: Path, target: Path, names: Iterable[str]
) -> tuple[tuple[CopiedFile, ...], tuple[str, ...]]:
    """Copy regular files from one tree into another; follow no links.

    Args:
        source: top directory of the sources.
        target: top directory of the copies.
        names: relative paths.

    Returns:
        The copied files, and the paths that were left out.

    Raises:
        OSError: a copy could not be written.
    """
    copied, left = [], []
    source_top, target_top = open_directory(source), open_directory(target)
    try:
        for name in names:
            digest = _copy(source_top, target_top, name)
            if digest is None:
                left.append(name)
            else:
                copied.append(CopiedFile(path=name, digest=digest))
    finally:
        os.close(source_top)
        os.close(target_top)
    return tuple(copied), tuple(left)


def digest_of(top: int, name: str) -> str | None:
    """Hash a regular file; follow no links.

    Args:
        top: descriptor of the top directory.
        name: relative path.

    Returns:
        sha256, hex; `None` if it is not a regular file.
    """
    source = _open_regular(top, name)
    if source is None:
        return None
    try:
        return _transfer(source, None)
    finally:
        os.close(source)


def rights_of(top: int, name: str) -> int | None:
    """Read the permissions of a regular file; follow no links.

    Args:
        top: descriptor of the top directory.
        name: relative path.

    Returns:
        The permission bits; `None` if it is not a regular file.
    """
    source = _open_regular(top, name)
    if source is None:
        return None
    try:
        return stat.S_IMODE(os.fstat(source).st_mode) & 0o777
    finally:
        os.close(source)


def _matching(git: Git, rule: str) -> set[str]:
    return set(fields(git.read("ls-files", "-z", "--others", "--ignored", rule).stdout))


def _may_copy(name: str) -> bool:
    parts = name.split("/")
    nested = name.endswith("/")  # a nested repository: git lists it without its files
    return not nested and ".git" not in folded(name).split("/") and parts[:2] != [
        ".claude",
        "worktrees",
    ]  # fmt: skip


def folded(name: str) -> str:
    """Fold a path as a file system does that ignores case and Unicode forms."""
    return unicodedata.normalize("NFC", name).casefold()


def ways(name: str) -> list[str]:
    """List a path and its parents, folded, shortest first: none may be a file of the base."""
    parts = folded(name).split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def unignored(target: Git, names: list[str]) -> list[str]:
    """Select the paths that a worktree's own rules do not ignore.

    Args:
        target: a git in the worktree.
        names: relative paths, existing or not; a directory's may end in `/`.

    Returns:
        The paths that `git add -A` would add.
    """
    if not names:
        return []
    # "./" keeps git from reading a name that begins with ":" as a pattern.
    asked = b"".join(b"./" + os.fsencode(name) + b"\0" for name in names)
    ignored = target.read(
        "check-ignore",
        "-z",
        "--stdin",
        "--no-index",
        stdin=asked,
        ok=(0, 1),
        env={"GIT_LITERAL_PATHSPECS": "0"},  # this command does not support it
    )
    known = {name.removeprefix("./") for name in fields(ignored.stdout)}
    return [name for name in names if name not in known]


def _copy(source_top: int, target_top: int, name: str) -> str | None:
    source = _open_regular(source_top, name)
    if source is None:
        return None
    try:
        with (
            opened_parent(target_top, name, make=True) as (directory, last),
            appearing(directory, last) as target,
        ):
            os.fchmod(target, stat.S_IMODE(os.fstat(source).st_mode) & 0o777)
            if _clone(source, target):
                return _transfer(target, None)
            return _transfer(source, target)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ELOOP, errno.ENOTDIR):
            return None
        raise
    finally:
        os.close(source)


def _clone(source: int, target: int) -> bool:
    """Let the copy share its blocks with the source, if the file system can (ioctl_ficlone(2)).

    If it cannot, for whatever reason (another file system, one without shared blocks, a sandbox),
    the bytes are copied instead.
    """
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:
        return False
    return True


def _open_regular(top: int, name: str) -> int | None:
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        with opened_parent(top, name) as (directory, last):
            source = os.open(last, flags, dir_fd=directory)
    except (OSError, ValueError):
        return None
    if stat.S_ISREG(os.fstat(source).st_mode):
        return source
    os.close(source)
    return None


def _transfer(source: int, target: int | None) -> str:
    digest = hashlib.sha256()
    while piece := os.read(source, _PIECE):
        digest.update(piece)
        while target is not None and piece:
            piece = piece[os.write(target, piece) :]
    return digest.hexdigest()


def _notes(left: list[str], unignored: list[str]) -> tuple[str, ...]:
    notes = []
    if left:
        notes.append(
            f"{FILE_NAME}: not copied, because they are links, unreadable, not plain files, or "
            "tracked: "
            + ", ".join(left[:5])
            + (f" and {len(left) - 5} more" if len(left) > 5 else "")
        )
    if unignored:
        notes.append(
            f"{len(unignored)} copied files are not ignored by the base: "
            "they were added to the repository's info/exclude."
        )
    return tuple(notes)
