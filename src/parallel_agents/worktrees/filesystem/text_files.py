"""Reads and writes text files of one worktree for somebody who may touch nothing else.

Keep true: nothing outside the worktree is opened, whatever is in it and whoever changes it
meanwhile: each directory on the way is opened from its parent, and no symbolic link is followed;
git's own files count as outside; a file is replaced completely or not at all.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from parallel_agents.core.errors import RefusedError

LIMIT = 10 << 20
"""The most bytes of a file that are read or written."""

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LINKED = (errno.ELOOP, errno.ENOTDIR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The worktree.

    Attributes:
        top: its path.
        device: its device, as recorded at its creation.
        inode: its inode.
        umask: the user's umask, for new files.
    """

    top: str
    device: int
    inode: int
    umask: int = 0o022


def read_text(place: Place, path: str) -> str:
    """Read a file.

    Args:
        place: the worktree.
        path: absolute, or relative to the top.

    Raises:
        RefusedError: the file is not in the worktree, is not text, or cannot be read.
    """
    with _errors_of(path), _directory_of(place, path) as (folder, name):
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with open(os.open(name, flags, dir_fd=folder), "rb") as file:  # noqa: PTH123 - a descriptor
            _check_plain(path, os.fstat(file.fileno()))
            data = file.read(LIMIT + 1)
    _check_size(path, data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise RefusedError(f"{path} is no UTF-8 text.") from None


def write_text(place: Place, path: str, text: str) -> None:
    """Write a file, and create its directories.

    Args:
        place: the worktree.
        path: absolute, or relative to the top.
        text: the complete new content.

    Raises:
        RefusedError: the file is not in the worktree, is not a plain file, or cannot be written.
    """
    data = text.encode("utf-8", "surrogatepass")
    _check_size(path, data)
    with _errors_of(path), _directory_of(place, path, make=True) as (folder, name):
        mode = 0o666 & ~place.umask
        with contextlib.suppress(FileNotFoundError):
            before = os.stat(name, dir_fd=folder, follow_symlinks=False)
            _check_plain(path, before)
            mode = stat.S_IMODE(before.st_mode)
        _replace(folder, name, data, mode)


def _replace(folder: int, name: str, data: bytes, mode: int) -> None:
    fresh = f".{os.urandom(8).hex()}.parallel-agents"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with open(os.open(fresh, flags, 0o600, dir_fd=folder), "wb") as file:  # noqa: PTH123
            file.write(data)
            os.fchmod(file.fileno(), mode)
        os.rename(fresh, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(fresh, dir_fd=folder)
        raise


@contextlib.contextmanager
def _directory_of(place: Place, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
    """Open the directory of a file; yields its descriptor and the file's name."""
    *folders, name = _parts(place.top, path)
    descriptor = os.open(place.top, _DIRECTORY)
    try:
        info = os.fstat(descriptor)
        if (info.st_dev, info.st_ino) != (place.device, place.inode):
            raise RefusedError(f"{place.top} is not the worktree any more.")
        for folder in folders:
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(folder, 0o777 & ~place.umask, dir_fd=descriptor)
            inner = os.open(folder, _DIRECTORY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor, name
    finally:
        os.close(descriptor)


def _parts(top: str, path: str) -> tuple[str, ...]:
    named = PurePosixPath(path)
    if named.is_absolute():
        if not named.is_relative_to(top):
            raise RefusedError(f"{path} is outside of the worktree.")
        named = named.relative_to(top)
    if not named.parts or ".." in named.parts or "\0" in path:
        raise RefusedError(f"{path} names no file of the worktree.")
    if any(part.lower() == ".git" for part in named.parts):
        raise RefusedError(f"{path} is git's own.")
    return named.parts


@contextlib.contextmanager
def _errors_of(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _LINKED:
            raise RefusedError(f"{path} is a symbolic link, or lies behind one.") from error
        raise RefusedError(f"{path}: {error.strerror}") from error
    except UnicodeEncodeError:  # half a surrogate pair, which is no byte
        raise RefusedError(f"{path} can be no file's name.") from None


def _check_plain(path: str, info: os.stat_result) -> None:
    if stat.S_ISLNK(info.st_mode):
        raise RefusedError(f"{path} is a symbolic link, or lies behind one.")
    if not stat.S_ISREG(info.st_mode):
        raise RefusedError(f"{path} is no plain file.")


def _check_size(path: str, data: bytes) -> None:
    if len(data) > LIMIT:
        raise RefusedError(f"{path} has more than {LIMIT >> 20} MiB.")
