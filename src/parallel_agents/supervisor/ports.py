"""TCP ports that sessions have to themselves, so that their servers do not meet.

Keep true: two sessions never get the same port; a range is given only when nothing listened in it
at that moment. What other programs take later is theirs.
"""

import errno
import socket

from parallel_agents.core.errors import UserError

FIRST = 20_000
END = 30_000
"""Ports are given from here; below those that Linux gives to outgoing connections (32768)."""


class Ports:
    """Who has which range."""

    def __init__(self) -> None:
        self._held: dict[str, range] = {}

    def keep(self, session: str, first: int, count: int) -> None:
        """Note a range that a session has from before."""
        if count:
            self._held[session] = range(first, first + count)

    def release(self, session: str) -> None:
        """A session is gone for good."""
        self._held.pop(session, None)

    def assign(self, session: str, count: int) -> int:
        """Give a session a range.

        Args:
            session: its id.
            count: how many ports, at least 1.

        Returns:
            The first port of the range.

        Raises:
            UserError: there is no such range any more.
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
