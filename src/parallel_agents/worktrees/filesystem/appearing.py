"""Create a new file that appears complete or not at all, even if the process creating it is killed.

Keep true: an existing file is never replaced; whatever a killed process leaves has another name, or
none, and the next attempt replaces it.
"""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""The errors that link(2) gives where a file can have only one name, as on FAT."""


@contextmanager
def appearing(directory: int, name: str, mode: int = 0o600) -> Iterator[int]:
    """Yield a new file that gets its name once it is complete, and only if the name is free.

    Args:
        directory: descriptor of the directory.
        name: the file's name in it.
        mode: its permissions, before the umask.

    Yields:
        A descriptor to read and write it.

    Raises:
        FileExistsError: the name is taken.
        OSError: the file cannot be created.
    """
    _refuse_taken(directory, name)
    target, beside = _without_name(directory, name, mode)
    try:
        yield target
        if beside:
            _give_name(directory, beside, name)
        else:
            os.link(f"/proc/self/fd/{target}", name, dst_dir_fd=directory, follow_symlinks=True)
    finally:
        os.close(target)
        if beside:
            with suppress(FileNotFoundError):
                os.unlink(beside, dir_fd=directory)


def _refuse_taken(directory: int, name: str) -> None:
    with suppress(FileNotFoundError):
        os.stat(name, dir_fd=directory, follow_symlinks=False)
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), name)


def _give_name(directory: int, beside: str, name: str) -> None:
    try:
        os.link(beside, name, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _refuse_taken(directory, name)  # a rename would replace it
        os.rename(beside, name, src_dir_fd=directory, dst_dir_fd=directory)


def _without_name(directory: int, name: str, mode: int) -> tuple[int, str]:
    """Create a file without a name; where that is impossible, under one that a retry replaces."""
    try:
        flags = os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC
        return os.open(".", flags, mode, dir_fd=directory), ""
    except OSError as error:
        if error.errno not in {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL}:
            raise
    beside = f".parallel-agents-{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}"
    with suppress(FileNotFoundError):
        os.unlink(beside, dir_fd=directory)
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(beside, flags, mode, dir_fd=directory), beside
