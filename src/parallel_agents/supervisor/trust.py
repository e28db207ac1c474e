"""Which repositories a person trusts, and with which executable configuration.

Keep true: trust belongs to a repository's real path *and* the hash of the configuration that a
start would load; a hash that was never shown and accepted is not trusted.
"""

from pathlib import Path

from parallel_agents.supervisor.files import read_json, write_json

_KEPT = 50


class TrustStore:
    """`trust.json`: accepted hashes by repository.

    Args:
        path: the file; made when first written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        value = read_json(path)
        self._digests: dict[str, list[str]] = value if isinstance(value, dict) else {}

    def trusts(self, root: str, digest: str) -> bool:
        """Whether this configuration of this repository was accepted."""
        return digest in self._digests.get(root, [])

    def knows(self, root: str) -> bool:
        """Whether any configuration of this repository was accepted."""
        return bool(self._digests.get(root))

    def accept(self, root: str, digest: str) -> None:
        """Remember that a person accepted this configuration.

        Raises:
            StorageError: it could not be written; nothing is trusted then.
        """
        digests = [d for d in self._digests.get(root, []) if d != digest]
        digests = [*digests, digest][-_KEPT:]
        write_json(self._path, {**self._digests, root: digests})
        self._digests[root] = digests
