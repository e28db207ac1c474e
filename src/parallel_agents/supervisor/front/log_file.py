"""The supervisor's own log: the current file and the previous one.

Keep true: the two together never grow beyond twice `LIMIT`, however long the supervisor runs; what
the interpreter prints to standard error when it exits goes to the same log.
"""

import contextlib
import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path

LIMIT = 4 << 20
"""Size in bytes at which a new file begins."""


class BoundedLog(RotatingFileHandler):
    """Appends to the log, and begins a new file when this one is full.

    Args:
        path: the file; the previous one is beside it, with `.1` added.
        limit: the largest size in bytes.
    """

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        super().__init__(path, maxBytes=limit, backupCount=1, encoding="utf-8", delay=False)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))

    def rotate(self, source: str, dest: str) -> None:
        """Rename the file, and point standard error at the new one if it went to the old one."""
        with contextlib.suppress(OSError):
            goes_there = os.path.samestat(os.fstat(2), Path(source).stat())
            super().rotate(source, dest)
            if goes_there:
                fresh = os.open(source, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                os.dup2(fresh, 2)
                os.close(fresh)


def start(path: Path) -> None:
    """Log to a file from now on; if it is already full, the first line begins a new one."""
    logging.basicConfig(level=logging.INFO, handlers=[BoundedLog(path)])
