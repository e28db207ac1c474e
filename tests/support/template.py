"""A repository with one commit, made by git once for each process, then copied.

Keep true: a copy is a repository of its own, and its commit was made by nobody in particular.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

_HERE = tempfile.gettempdir()
"""Kept from before a test points `TMPDIR` to a directory of its own, which it removes."""


def copy_repository(path: Path, readme: str) -> Path:
    """Copy it to a directory that is not there yet, on the branch `main`.

    Args:
        path: where.
        readme: what its only file, `README.md`, holds.

    Returns:
        The path.
    """
    return Path(shutil.copytree(_template(readme), path))


@cache
def _template(readme: str) -> Path:
    directory = Path(tempfile.mkdtemp(prefix="pa-template-", dir=_HERE))
    atexit.register(shutil.rmtree, directory)
    (directory / "README.md").write_text(readme)
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        **{
            f"GIT_{who}_{what}": "dev@example.invalid"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
    }
    for args in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run(["git", *args], cwd=directory, env=environment, check=True)
    return directory
