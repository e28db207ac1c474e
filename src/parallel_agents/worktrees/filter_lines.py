"""What the filters of a repository's own configuration would run, written down and hashed.

Keep true: the hash covers the lines with the files that they are from, in git's order, and the
content of whatever they name in the work tree; nothing is run to find out.
"""

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from parallel_agents.core.worktree import ConfigFile
from parallel_agents.worktrees.disarm import own_filters
from parallel_agents.worktrees.files import read_regular
from parallel_agents.worktrees.porcelain import ConfigEntry

ORIGIN = "git"
"""Where such lines come from, beside `base` and `main`; see `core.worktree.ConfigFile`."""

Read = Callable[[str], bytes | None]
"""Gives the content of a file of the work tree; `None` when there is none."""

_PROGRAM_LIMIT = 64 << 20
_WORD = re.compile(r"[^\s'\"|;&()<>$`=]+")


def collect(entries: Iterable[ConfigEntry], directory: str, read: Read) -> ConfigFile | None:
    """Collect what the filters of a repository's configuration would run, for a person to accept.

    Args:
        entries: all settings that git reads there, in its order.
        directory: where git read them.
        read: gives the files of the work tree that count.

    Returns:
        The lines; `None` when there are none.
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
    """Tell whether the filters of a repository's configuration may run, as they are now.

    Args:
        entries: all settings that git reads in a work tree.
        directory: top of that work tree.
        accepts: asked whether a person accepted a hash; `None` when nobody did.

    Returns:
        Whether there are some, and a person accepted them.
    """
    if accepts is None:
        return False
    lines = collect(entries, directory, on_disk(directory))
    return lines is not None and accepts(lines.digest)


def on_disk(directory: str) -> Read:
    """Read the files of a work tree as they are now.

    Args:
        directory: its top.

    Returns:
        What reads them; links are followed as long as they stay inside.
    """

    def read(name: str) -> bytes | None:
        path = Path(os.path.realpath(Path(directory) / name))
        inside = path.is_relative_to(os.path.realpath(directory))
        return read_regular(path, _PROGRAM_LIMIT) if inside else None

    return read


def _parts(
    entries: Sequence[ConfigEntry], directory: str, read: Callable[[str], bytes | None]
) -> list[tuple[str, ...]]:
    """Write down the lines with the files they are from, then the programs of the work tree."""
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
