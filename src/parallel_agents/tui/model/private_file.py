"""Small files of the screen that only this user may read."""

import contextlib
import os
from pathlib import Path
from typing import TypeVar

from parallel_agents.core.codec import load
from parallel_agents.core.value import Value

V = TypeVar("V", bound=Value)


def read_kept(path: Path, usual: V) -> V:
    """Read what was kept in a file.

    Args:
        path: the file.
        usual: what counts if the file is missing or damaged; never an error.
    """
    try:
        return load(path.read_bytes(), type(usual))
    except (OSError, ValueError):
        return usual


def write_private(path: Path, content: bytes) -> bool:
    """Replace a file, all or nothing, with mode 0600.

    Returns:
        Whether it is written; if not, the old content is still there.
    """
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()
        return False
    return True
