"""Small file operations that survive a crash and are safe against hostile names.

Keep true: a file has either its old or its new content; nothing here follows a symbolic link that
somebody may have put into a worktree; a walk never leaves its top directory.
"""

import errno
import json
import os
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OBSTACLES = (
    errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.ENOTEMPTY, errno.EEXIST,
    errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG,
)  # fmt: skip


def is_obstacle(error: OSError) -> bool:
    """Tell whether an error comes from what is at the path, and not from a full or failing disk.

    Args:
        error: the error; the collected error of `shutil` counts, too.

    Returns:
        Whether repeating the call would always fail.
    """
    return error.errno in _OBSTACLES or isinstance(error, shutil.Error)


def write_json(path: Path, value: object) -> None:
    """Write a value durably as JSON; see `write_bytes`.

    Args:
        path: the file; only its owner can read it.
        value: the value; surrogates survive.

    Raises:
        OSError: the disk is full or failing; the old file is untouched.
    """
    write_bytes(path, json.dumps(value, indent=1).encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file durably: temporary file, fsync, rename, fsync of the directory.

    Args:
        path: the file; only its owner can read it.
        content: its new content.

    Raises:
        OSError: the disk is full or failing; the old file is untouched.
    """
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_directory(path.parent)


def put_file(path: Path, content: bytes, by_way_of: Path) -> None:
    """Replace a file in a directory where others may have put anything.

    Args:
        path: the file; a symbolic link there is replaced, not followed.
        content: its new content.
        by_way_of: a name of ours on the same file system, outside that directory.

    Raises:
        OSError: the disk is full or failing; the old file is untouched.
    """
    by_way_of.unlink(missing_ok=True)
    descriptor = os.open(by_way_of, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    by_way_of.replace(path)


def read_json(path: Path) -> dict[str, Any] | None:
    """Read what `write_json` wrote; `None` if the file is missing or holds no JSON object."""
    try:
        value = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def sync_directory(path: Path) -> None:
    """Make renames in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_symlink(path: Path) -> bool:
    """Tell whether a name is a symbolic link, dangling or not."""
    try:
        return stat.S_ISLNK(path.lstat().st_mode)
    except OSError:
        return False


def exists(path: Path) -> bool:
    """Tell whether a name is taken by anything, including a dangling symbolic link."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def read_regular(path: Path, limit: int) -> bytes | None:
    """Read a file that somebody else may have created.

    Args:
        path: the file; a symbolic link is not followed.
        limit: the most bytes to read.

    Returns:
        Its content; `None` if there is no such regular file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.EACCES):
            return None
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        return file.read(limit)


def make_directories(path: Path, umask: int) -> None:
    """Create a directory and those above it, with the user's permissions instead of ours.

    Args:
        path: the directory.
        umask: the user's umask; -1 for the process's own.
    """
    missing = [part for part in (path, *path.parents) if not exists(part)]
    for part in reversed(missing):
        part.mkdir(exist_ok=True)
        if umask >= 0:
            part.chmod(0o777 & ~umask)


@contextmanager
def opened_parent(top: int, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
    """Walk down to the directory of a file, and refuse symbolic links on the way.

    Args:
        top: descriptor of the top directory.
        path: relative path of the file.
        make: whether to create missing directories.

    Yields:
        A descriptor of the parent directory, and the last name.

    Raises:
        OSError: a part is missing, not a directory, or a symbolic link.
        ValueError: the path is not plain and relative.
    """
    *parents, name = path.split("/")
    if any(part in ("", ".", "..") for part in (*parents, name)):
        raise ValueError(path)
    current = os.dup(top)
    try:
        for part in parents:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, 0o777, dir_fd=current)
            below = os.open(part, _DIRECTORY, dir_fd=current)
            os.close(current)
            current = below
        yield current, name
    finally:
        os.close(current)


def open_directory(path: Path) -> int:
    """Open a directory as the top of a walk.

    Args:
        path: the directory; not a symbolic link.

    Returns:
        Its descriptor, which the caller must close.

    Raises:
        OSError: there is no such directory.
    """
    return os.open(path, _DIRECTORY)


def remove_tree(path: Path) -> None:
    """Remove a directory and everything in it; links are removed, not followed.

    Args:
        path: the directory; it may be missing.

    Raises:
        OSError: something could not be removed.
    """
    if not exists(path):
        return
    if is_symlink(path) or not path.is_dir():
        path.unlink()
        return
    # Otherwise read-only directories (module caches) could not be emptied.
    make_usable(path)
    for _, below, _, directory in os.fwalk(path):
        for name in below:
            make_usable(name, directory)
    failed: list[BaseException] = []
    shutil.rmtree(path, onerror=lambda _function, _path, info: failed.append(info[1]))
    for error in failed:
        if not isinstance(error, FileNotFoundError):
            raise error


def make_usable(path: Path | str, parent: int | None = None) -> None:
    """Give the owner full permissions on a directory; skip links and other users' directories.

    Args:
        path: the directory.
        parent: descriptor of the directory that a relative path starts in.
    """
    with suppress(PermissionError, FileNotFoundError):
        mode = os.stat(path, dir_fd=parent, follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode) and mode & 0o700 != 0o700:
            os.chmod(path, stat.S_IMODE(mode) | 0o700, dir_fd=parent)


def remove_older(directory: Path, seconds: float) -> None:
    """Remove leftovers of killed processes from a directory for short-lived files.

    Args:
        directory: the directory; it may be missing.
        seconds: minimum age of what to remove.
    """
    if not directory.is_dir():
        return
    latest = time.time() - seconds
    for path in directory.iterdir():
        with suppress(FileNotFoundError):
            if path.lstat().st_mtime < latest:
                remove_tree(path)


def size_of(path: Path) -> int:
    """Add up the sizes of the files below a directory.

    Args:
        path: the directory.

    Returns:
        Bytes; unreadable parts count as zero.
    """
    total = 0
    for _, _, names, directory in os.fwalk(path):
        for name in names:
            try:
                total += os.lstat(name, dir_fd=directory).st_size
            except FileNotFoundError:
                continue
    return total


def _copy_all(source: Path, target: Path) -> None:
    """Copy a directory with pipes, hard links, holes, times and attributes, using cp(1)."""
    words = ["cp", "-a", "-T", "--", os.fspath(source), os.fspath(target)]
    done = subprocess.run(words, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        remove_tree(target)
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = said[0] if said else f"exit status {done.returncode}"
        number = errno.ENOSPC if "No space left" in reason else errno.EACCES
        raise OSError(number, f"it could not be copied to another filesystem: {reason}")


def move(source: Path, target: Path) -> None:
    """Move a directory; across file systems, copy it and rename the finished copy.

    Args:
        source: the directory.
        target: its new name, which must be free.

    Raises:
        OSError: it could not be moved; the source is still complete.
    """
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        temporary = target.with_name(target.name + ".new")
        remove_tree(temporary)
        _copy_all(source, temporary)
        temporary.rename(target)
        remove_tree(source)
    sync_directory(target.parent)
