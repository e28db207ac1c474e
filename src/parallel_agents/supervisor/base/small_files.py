"""Small files that must be whole or absent: written beside, synced, renamed."""

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from parallel_agents.core.errors import StorageError, of_system


def write_json(path: Path, value: object, *, sync: bool = True) -> None:
    """Replace a file by a JSON value, all or nothing, readable by this user only.

    Args:
        path: the file.
        value: anything `json` can write.
        sync: wait until the disk has it; off for what can be made again.

    Raises:
        StorageError: the old content is still there.
    """
    beside = path.with_name(path.name + ".new")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(value, file)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        beside.replace(path)
        if sync:
            sync_path(path.parent)
    except OSError as error:
        raise of_system(error, f"cannot write {path}") from error


def sync_path(path: Path) -> None:
    """Wait until the disk has a file's content, or a directory's names.

    Raises:
        OSError: it does not confirm it.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _anything(_: object) -> bool:
    return True


def read_json(path: Path, fits: Callable[[Any], bool] = _anything) -> Any:  # noqa: ANN401 - whatever the file holds
    """Read a JSON file.

    Args:
        path: the file.
        fits: whether a value is of the kind that the file should hold; another one is damage, too.

    Returns:
        Its value; None when there is no such file.

    Raises:
        StorageError: it is there and cannot be read, or is not JSON; which is not the same as
            nothing, and must not be written over as if it were.
    """
    try:
        value = json.loads(path.read_bytes())
        if not fits(value):
            raise ValueError("its content is not what belongs there")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise of_system(error, f"cannot read {path}") from error
    except (ValueError, RecursionError) as error:
        raise StorageError(
            f"cannot read {path}: it is damaged", f"Look at it, or move it: {path}"
        ) from error
    return value


def is_environment(value: object) -> bool:
    """Whether a JSON value holds variables of a process."""
    return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())


def put_aside(path: Path) -> None:
    """Rename a file that cannot be read, so that another may take its place and nothing is lost.

    Raises:
        StorageError: it is still in the way.
    """
    number = 1
    while os.path.lexists(aside := path.with_name(f"{path.name}.unreadable-{number}")):
        number += 1
    try:
        path.rename(aside)
    except FileNotFoundError:
        return
    except OSError as error:
        raise of_system(error, f"cannot rename {path}") from error


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock on a file; a missing file is not locked."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)
