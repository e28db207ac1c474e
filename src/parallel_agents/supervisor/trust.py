"""Which repositories a person trusts, and with which executable configuration.

Keep true: trust belongs to a repository's real path *and* the hash of the configuration that a
start would load; a hash that was never shown and accepted is not trusted. The text accepted last
is kept only to show what changed since; it decides nothing.
"""

import hashlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path

from parallel_agents.core.codec import from_plain
from parallel_agents.core.errors import StorageError, of_system
from parallel_agents.core.value import asdict
from parallel_agents.core.worktree import ConfigFile
from parallel_agents.supervisor.files import read_json, write_json
from parallel_agents.worktrees.filter_lines import ORIGIN

log = logging.getLogger(__name__)

_KEPT = 100
_FILTERS = "filters:"
"""Marks the hash of lines for git's filters, which git is asked about without the rest."""


class TrustStore:
    """`trust.json`: accepted hashes by repository; `trusted/`: the text accepted last.

    Args:
        path: the file; made when first written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._texts = path.with_name("trusted")
        self._digests: dict[str, list[str]] = {}
        self._unread: StorageError | None = None
        try:
            self._digests = read_json(path, _is_store) or {}
        except StorageError as error:
            # Nothing is trusted then, and nothing may be accepted: it would be written over.
            log.warning("%s", error)
            self._unread = error

    def trusts(self, root: str, digest: str) -> bool:
        """Whether this configuration of this repository was accepted."""
        return digest in self._digests.get(root, [])

    def knows(self, root: str) -> bool:
        """Whether any configuration of this repository was accepted."""
        return bool(self._digests.get(root))

    def accepts_filters(self, digest: str) -> bool:
        """Whether a person accepted these lines for git's filters, with any configuration."""
        return any(f"{_FILTERS}{digest}" in known for known in list(self._digests.values()))

    def accepted(self, root: str) -> tuple[ConfigFile, ...]:
        """The files accepted last for this repository."""
        try:
            files = [from_plain(file, ConfigFile) for file in read_json(self._text(root)) or ()]
        except (StorageError, ValueError, TypeError) as error:
            log.warning("what %s was trusted with cannot be read: %s", root, error)
            return ()
        return tuple(files)

    def _text(self, root: str) -> Path:
        return self._texts / f"{hashlib.sha256(os.fsencode(root)).hexdigest()}.json"

    def accept(self, root: str, digest: str, files: Sequence[ConfigFile]) -> None:
        """Remember that a person accepted this configuration.

        Raises:
            StorageError: it could not be written, or what was accepted before could not be read;
                nothing is trusted then.
        """
        if self._unread is not None:
            raise self._unread
        new = [digest, *(f"{_FILTERS}{file.digest}" for file in files if file.origin == ORIGIN)]
        digests = [d for d in self._digests.get(root, []) if d not in new]
        digests = [*digests, *new][-_KEPT:]
        try:
            self._texts.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise of_system(error, f"cannot make {self._texts}") from error
        write_json(self._text(root), [asdict(file) for file in files])
        write_json(self._path, {**self._digests, root: digests})
        self._digests[root] = digests


def _is_store(value: object) -> bool:
    return isinstance(value, dict) and all(
        isinstance(digests, list) and all(isinstance(digest, str) for digest in digests)
        for digests in value.values()
    )
