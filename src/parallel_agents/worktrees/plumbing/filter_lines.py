"""Lists and hashes what the filters in a repository's own configuration would run.

Keep true: the hash covers the lines and the files they come from, in git's order, and the content
of every file in the work tree that they name; nothing is run to find out.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from parallel_agents.core.worktree import ConfigFile
from parallel_agents.worktrees.filesystem.files import read_regular
from parallel_agents.worktrees.plumbing.disarm import own_filters
from parallel_agents.worktrees.plumbing.porcelain import ConfigEntry

ORIGIN = "git"
"""The origin of such lines, besides `base` and `main`; see `core.worktree.ConfigFile`."""

Read = Callable[[str], bytes | None]
"""Returns the content of a file of the work tree; `None` if there is none."""

_PROGRAM_LIMIT = 64 << 20
_WORD = re.compile(r"[^\s'\"|;&()<>$`=]+")


def collect(entries: Iterable[ConfigEntry], directory: str, read: Read) -> ConfigFile | None:
    """Collect what the filters of a repository's configuration would run, for the user to accept.

    Args:
        entries: all settings that git reads there, in its order.
        directory: where git read them.
        read: returns the content of the work tree's files.

    Returns:
        The lines; `None` if there are none.
    """
    own = own_filters(entries)
    if not own:
        return None
    parts = _parts(own, directory, read)
    return ConfigFile(
        path=".git/config",
        origin=ORIGIN,
        digest=_digest(parts),
        text="".join(f"{' '.join(part)}\n" for part in parts),
    )


def is_accepted(
    entries: Iterable[ConfigEntry], directory: str, accepts: Callable[[str], bool] | None
) -> bool:
    """Tell whether the filters of a repository's configuration may run in their current form.

    Args:
        entries: all settings that git reads in a work tree.
        directory: top of that work tree.
        accepts: tells whether the user accepted a hash; `None` if nobody can accept.

    Returns:
        Whether there are filters, and the user accepted them.
    """
    if accepts is None:
        return False
    lines = collect(entries, directory, on_disk(directory))
    return lines is not None and accepts(lines.digest)


def on_disk(directory: str) -> Read:
    """Return a function that reads files of a work tree now; it follows links only inside it."""

    def read(name: str) -> bytes | None:
        path = Path(os.path.realpath(Path(directory) / name))
        inside = path.is_relative_to(os.path.realpath(directory))
        return read_regular(path, _PROGRAM_LIMIT) if inside else None

    return read


def _parts(
    entries: Sequence[ConfigEntry], directory: str, read: Callable[[str], bytes | None]
) -> list[tuple[str, ...]]:
    """List the lines with the files they come from, then the programs in the work tree."""
    parts: list[tuple[str, ...]] = []
    words: dict[str, None] = {}
    for entry in entries:
        origin = os.path.realpath(Path(directory) / entry.origin.removeprefix("file:"))
        parts.append((f"{origin}:", entry.key, "=", entry.value or ""))
        words.update(dict.fromkeys(_WORD.findall(entry.value or "")))
    for word in words:
        content = None if Path(word).is_absolute() else read(word)
        if content is not None:
            parts.append(("It runs", word, "sha256", hashlib.sha256(content).hexdigest()))
    return parts


def _digest(parts: Sequence[tuple[str, ...]]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(os.fsencode("\0".join(part)) + b"\0\n")
    return digest.hexdigest()
