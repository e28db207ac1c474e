"""Exchange a file of a worktree for another one, while somebody else may be writing it.

Keep true: a file is moved away whole before it is removed, and removed only if it is what was
expected and nobody has it open for writing; otherwise it is put back; killed anywhere, the same
call again ends as if it had not been; no link is followed.
"""

import ctypes
import errno
import fcntl
import os
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from parallel_agents.worktrees.filesystem.failpoints import hit
from parallel_agents.worktrees.filesystem.files import write_bytes

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_NOREPLACE, _EXCHANGE = 1, 2
"""Flags of renameat2(2)."""
_LACKING = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)


class OccupiedError(Exception):
    """Something is there that is neither a file nor a link."""


class ChangedError(Exception):
    """Somebody else has changed the file, or is writing it; it is as they left it."""


@dataclass(frozen=True, slots=True)
class Content:
    """What is at a path.

    Attributes:
        kind: a plain file, or a symbolic link.
        data: its bytes, or where the link points to.
        mode: the permission bits of a file; 0 for a link.
    """

    kind: Literal["file", "link"]
    data: bytes
    mode: int = 0


@dataclass(frozen=True, slots=True)
class Spot:
    """A name in an open directory, and the names beside it that a move goes through.

    Attributes:
        folder: descriptor of the directory.
        name: the file.
        token: tells this move's names from those of others.
        kept: a directory of ours for what somebody else wrote in the middle of a move.
    """

    folder: int
    name: str
    token: str
    kept: Path

    @property
    def beside(self) -> str:
        """Where the new file waits, and then the old one."""
        return f".{self.token}.parallel-agents"

    @property
    def fresh(self) -> str:
        """Where the new file is written."""
        return f".{self.token}.new.parallel-agents"


def look(folder: int, name: str) -> Content | None:
    """Read what is at a name.

    Args:
        folder: descriptor of its directory.
        name: the name.

    Returns:
        The content; None if nothing is there.

    Raises:
        OccupiedError: it is no file and no link.
        OSError: it cannot be read.
    """
    try:
        info = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if stat.S_ISLNK(info.st_mode):
            return Content("link", os.readlink(os.fsencode(name), dir_fd=folder))
        if not stat.S_ISREG(info.st_mode):
            raise OccupiedError(name)
        descriptor = os.open(name, _READ, dir_fd=folder)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        return _content(file.fileno(), file.read())


def _content(descriptor: int, data: bytes) -> Content:
    return Content("file", data, stat.S_IMODE(os.fstat(descriptor).st_mode))


def put(spot: Spot, before: Content | None, after: Content | None) -> None:
    """Make one content of another.

    Args:
        spot: where.
        before: what is expected there.
        after: what will be there.

    Raises:
        ChangedError: something else is there, which stays as it is.
        OccupiedError: it is no file and no link.
        OSError: the disk is full or failing; the same call may be tried again.
    """
    _tidy(spot, before, after)
    found = look(spot.folder, spot.name)
    if found == after:
        return
    if found != before:
        raise ChangedError
    if before is None:
        if after is not None:
            _write(spot, after)
            _appear(spot)
        return
    with _unwritten(spot, before) as lease:
        if after is not None:
            _write(spot, after)
        _leave(spot, before, after, lease)


def _tidy(spot: Spot, before: Content | None, after: Content | None) -> None:
    """Finish or forget what an earlier call, which was killed, left beside the file."""
    with suppress(FileNotFoundError):
        os.unlink(spot.fresh, dir_fd=spot.folder)
    beside = look(spot.folder, spot.beside)
    if beside is None:
        return
    if beside not in (before, after):
        _return(spot, after)
        raise ChangedError
    if beside == before and after is not None:
        with suppress(FileExistsError):
            _name(spot, spot.beside)
    with suppress(FileNotFoundError):
        os.unlink(spot.beside, dir_fd=spot.folder)


def _write(spot: Spot, content: Content) -> None:
    """Write the new file beside the old one."""
    try:
        if content.kind == "link":
            os.symlink(content.data, os.fsencode(spot.fresh), dir_fd=spot.folder)
        else:
            _write_file(spot, content)
    except OSError:
        with suppress(OSError):
            os.unlink(spot.fresh, dir_fd=spot.folder)
        raise
    os.rename(spot.fresh, spot.beside, src_dir_fd=spot.folder, dst_dir_fd=spot.folder)
    hit("reject.beside")


def _write_file(spot: Spot, content: Content) -> None:
    with os.fdopen(os.open(spot.fresh, _WRITE, 0o600, dir_fd=spot.folder), "wb") as file:
        file.write(content.data)
        os.fchmod(file.fileno(), content.mode)
        file.flush()
        os.fsync(file.fileno())


def _appear(spot: Spot) -> None:
    """Give the new file its name, unless somebody took that."""
    try:
        _name(spot, spot.beside)
    except FileExistsError:
        os.unlink(spot.beside, dir_fd=spot.folder)
        raise ChangedError from None


def _name(spot: Spot, source: str) -> None:
    """Give a file beside the name, which must be free."""
    try:
        _rename(spot, source, _NOREPLACE)
    except OSError as error:
        if error.errno not in _LACKING:
            raise
        folders = {"src_dir_fd": spot.folder, "dst_dir_fd": spot.folder}
        os.link(source, spot.name, **folders, follow_symlinks=False)
        os.unlink(source, dir_fd=spot.folder)


class _Lease:
    """A read lease on a file (fcntl(2)): it tells whether somebody opens the file for writing."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._is_held = False
        # Whoever opens the file meanwhile makes the system send a signal, which is to be harmless.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        try:
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            self._is_held = True
        except OSError as error:
            if error.errno == errno.EAGAIN:
                raise ChangedError from None

    def is_whole(self, folder: int, name: str) -> bool:
        """Whether the file is now at this name, and nobody has begun to write it."""
        there = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not os.path.samestat(there, os.fstat(self._descriptor)):
            return False
        return not self._is_held or fcntl.fcntl(self._descriptor, fcntl.F_GETLEASE) == fcntl.F_RDLCK

    def end(self) -> None:
        """Let others write again."""
        if self._is_held:
            with suppress(OSError):
                fcntl.fcntl(self._descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)


@contextmanager
def _unwritten(spot: Spot, before: Content) -> Iterator[_Lease | None]:
    """Hold a lease on the file that is expected; None for a link, which nobody can write."""
    if before.kind == "link":
        yield None
        return
    try:
        descriptor = os.open(spot.name, _READ, dir_fd=spot.folder)
    except OSError as error:
        raise ChangedError from error
    try:
        lease = _Lease(descriptor)
        try:
            yield lease
        finally:
            lease.end()
    finally:
        os.close(descriptor)


def _leave(spot: Spot, before: Content, after: Content | None, lease: _Lease | None) -> None:
    """Move the old file away, and remove it if it is still what was expected."""
    _part(spot, after)
    hit("reject.exchanged")
    is_whole = lease is None or lease.is_whole(spot.folder, spot.beside)
    if not is_whole or look(spot.folder, spot.beside) != before:
        _return(spot, after)
        raise ChangedError
    os.unlink(spot.beside, dir_fd=spot.folder)
    hit("reject.removed")


def _part(spot: Spot, after: Content | None) -> None:
    """Put the new file in the place of the old one, which is then beside it."""
    if after is None:
        os.rename(spot.name, spot.beside, src_dir_fd=spot.folder, dst_dir_fd=spot.folder)
        return
    try:
        _rename(spot, spot.beside, _EXCHANGE)
    except OSError as error:
        if error.errno not in _LACKING:
            raise
        _part_in_two(spot)


def _part_in_two(spot: Spot) -> None:
    """Do without an exchange, which not every filesystem has: for a moment there is no file."""
    os.rename(spot.beside, spot.fresh, src_dir_fd=spot.folder, dst_dir_fd=spot.folder)
    os.rename(spot.name, spot.beside, src_dir_fd=spot.folder, dst_dir_fd=spot.folder)
    try:
        _name(spot, spot.fresh)
    except FileExistsError:
        os.unlink(spot.fresh, dir_fd=spot.folder)
        _keep(spot)
        raise ChangedError from None


def _return(spot: Spot, after: Content | None) -> None:
    """Give somebody else's file its name back, unless they have written another one meanwhile."""
    if look(spot.folder, spot.name) is None:
        with suppress(FileExistsError):
            _name(spot, spot.beside)
            return
    elif after is not None and look(spot.folder, spot.name) == after and _returned(spot, after):
        return
    _keep(spot)


def _returned(spot: Spot, after: Content) -> bool:
    """Exchange the two files again; whether ours, and no newer one, was in the way."""
    try:
        _rename(spot, spot.beside, _EXCHANGE)
    except OSError as error:
        if error.errno not in _LACKING:
            raise
        os.rename(spot.beside, spot.name, src_dir_fd=spot.folder, dst_dir_fd=spot.folder)
        return True
    if look(spot.folder, spot.beside) == after:
        os.unlink(spot.beside, dir_fd=spot.folder)
        return True
    _rename(spot, spot.beside, _EXCHANGE)
    return False


def _keep(spot: Spot) -> None:
    """Keep an intermediate version of somebody else's, which they have replaced since."""
    found = look(spot.folder, spot.beside)
    if found is None:
        return
    target = spot.kept / f"found-{os.urandom(4).hex()}"
    try:
        os.rename(spot.beside, target, src_dir_fd=spot.folder)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        write_bytes(target, found.data)
        os.unlink(spot.beside, dir_fd=spot.folder)


def _rename(spot: Spot, source: str, flags: int) -> None:
    names = (os.fsencode(source), os.fsencode(spot.name))
    function = ctypes.CDLL(None, use_errno=True).renameat2
    function.argtypes = [
        ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint
    ]  # fmt: skip
    if function(spot.folder, names[0], spot.folder, names[1], flags):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), spot.name)
