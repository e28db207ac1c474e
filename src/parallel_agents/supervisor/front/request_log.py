"""Logs one line for each request: the client, the request, its session, how long it took.

Keep true: a line holds the request's type and session and nothing else that the client sent: no
prompts, no environment, no secrets. Text from a client is made safe and stays on one line. A client
that asks again and again cannot push everything else out of the log.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from parallel_agents.core.errors import RefusedError, UserError
from parallel_agents.core.text import safe_line
from parallel_agents.wire import messages as m

log = logging.getLogger("request")

SLOW_MS = 100.0
"""A request that takes at least this many milliseconds always gets its own line."""
LINES_A_SECOND = 20
"""How many quick requests of one client and kind, with the same outcome, get a line each second;
further ones are only counted."""
_SESSION_LENGTH = 40


@dataclass(slots=True)
class Entry:
    """What is known about one request.

    Attributes:
        message: the request, once it has been read.
        error: the error that it was answered with.
        answered: whether it was answered at all; a client can leave before that.
    """

    message: m.AnyRequest | None = None
    error: UserError | None = None
    answered: bool = False

    def outcome(self) -> str:
        """How the request ended: `ok`, `cancelled`, or `refused`/`failed` with the error's kind."""
        if not self.answered:
            return "cancelled"
        if self.error is None:
            return "ok"
        said = "refused" if isinstance(self.error, RefusedError) else "failed"
        return said if self.error.kind == said else f"{said} ({self.error.kind})"

    def type(self) -> str:
        """The request's type; `unreadable` if it could not be read."""
        return self.message.type if self.message else "unreadable"

    def session(self) -> str:
        """The session that the request names, as the end of a log line."""
        if isinstance(self.message, m.Follow):
            named = ",".join(self.message.sessions)
        else:
            named = getattr(self.message, "session", None) or ""
        return f" session={safe_line(named, _SESSION_LENGTH)}" if named else ""


class RequestLog:
    """Writes the lines.

    Args:
        clock: gives seconds that only increase.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._second = 0
        self._quick: Counter[str] = Counter()
        """Counts by client, request and outcome, so that a busy client hides nobody else."""

    @contextmanager
    def entry(self, pid: int) -> Iterator[Entry]:
        """Time a request, and write its line when it is answered or abandoned.

        Args:
            pid: process id of the client.

        Yields:
            The entry that the line is made from; the caller completes it.
        """
        entry = Entry()
        began = self._clock()
        try:
            yield entry
            entry.answered = True
        finally:
            self._write(entry, (self._clock() - began) * 1000, pid)

    def _write(self, entry: Entry, took_ms: float, pid: int) -> None:
        outcome = entry.outcome()
        # Clients repeat it all the time, and its duration says only how long nothing happened.
        if isinstance(entry.message, m.WaitRecords) and outcome == "ok":
            return
        alike = f"{entry.type()} {outcome} pid={pid}"
        if took_ms >= SLOW_MS or self._has_room(alike):
            log.info("%s %.1f ms %s pid=%d%s", entry.type(), took_ms, outcome, pid, entry.session())

    def _has_room(self, alike: str) -> bool:
        """Whether one more quick request like this one gets a line in this second."""
        second = int(self._clock())
        if second != self._second:
            self._second = second
            for earlier, count in self._quick.items():
                if count > LINES_A_SECOND:
                    log.info("%d more, each quick: %s", count - LINES_A_SECOND, earlier)
            self._quick.clear()
        self._quick[alike] += 1
        return self._quick[alike] <= LINES_A_SECOND
