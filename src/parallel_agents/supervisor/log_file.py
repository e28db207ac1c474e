"""The supervisor's own log: one file, and the one before it.

Keep true: it never grows beyond `LIMIT` twice, however long the supervisor runs; what the
interpreter says at its end on standard error stays with the rest.
"""

import contextlib
import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path

LIMIT = 4 << 20
"""Size in bytes at which the file becomes the one before."""


class BoundedLog(RotatingFileHandler):
    """Appends to the log, and begins another file when this one is full.

    Args:
        path: the file; the one before is beside it, with `.1` added.
        limit: its size in bytes.
    """

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        super().__init__(path, maxBytes=limit, backupCount=1, encoding="utf-8", delay=False)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))

    def rotate(self, source: str, dest: str) -> None:
        """Rename the file, and take standard error along when it goes there."""
        with contextlib.suppress(OSError):
            goes_there = os.path.samestat(os.fstat(2), Path(source).stat())
            super().rotate(source, dest)
            if goes_there:
                fresh = os.open(source, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                os.dup2(fresh, 2)
                os.close(fresh)


def start(path: Path) -> None:
    """Log to a file from now on; one that is full already is put aside by the first line."""
    logging.basicConfig(level=logging.INFO, handlers=[BoundedLog(path)])
