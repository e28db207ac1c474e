"""Assigns each session TCP ports of its own, so that the servers of sessions do not collide.

Keep true: two sessions never get the same port; a range is assigned only if no program was using
any of its ports at that moment. Other programs may still take one later.
"""

import errno
import socket

from parallel_agents.core.errors import UserError

FIRST = 20_000
END = 30_000
"""End of the assigned ports, below those that Linux uses for outgoing connections (from 32768)."""


class Ports:
    """Knows which session has which range of ports."""

    def __init__(self) -> None:
        self._held: dict[str, range] = {}

    def keep(self, session: str, first: int, count: int) -> None:
        """Note a range that a session already has."""
        if count:
            self._held[session] = range(first, first + count)

    def release(self, session: str) -> None:
        """Free the range of a session that is gone for good."""
        self._held.pop(session, None)

    def assign(self, session: str, count: int) -> int:
        """Assign a range of ports to a session.

        Args:
            session: id of the session.
            count: how many ports, at least 1.

        Returns:
            The first port of the range.

        Raises:
            UserError: no range of that length is free.
        """
        first = FIRST
        while first + count <= END:
            wanted = range(first, first + count)
            if not self._taken(wanted) and all(_free(port) for port in wanted):
                self._held[session] = wanted
                return first
            first += count
        raise UserError(
            f"There are no {count} free ports in a row between {FIRST} and {END}.",
            "Delete sessions for good (parallel-agents trash --empty), or lower “ports”.",
        )

    def _taken(self, wanted: range) -> bool:
        return any(
            held.start < wanted.stop and wanted.start < held.stop for held in self._held.values()
        )


def _free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        try:
            sock.bind(("127.0.0.1", port))
        except OSError as error:
            return error.errno not in {errno.EADDRINUSE, errno.EACCES}
    return True
