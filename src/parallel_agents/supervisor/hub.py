"""Who listens, and what they are owed.

Keep true: a client gets pushes in order; one that does not read is never waited for and never
costs more than `PUSH_LIMIT` bytes: what it is owed is dropped and it is resynchronised; it is told
that it has every session only when it has.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from parallel_agents.core.events import Delta, Record
from parallel_agents.core.state import SessionState
from parallel_agents.wire.codec import dump_push
from parallel_agents.wire.messages import PUSH_LIMIT
from parallel_agents.wire.pushes import (
    DeltaPush,
    ProgressPush,
    Push,
    ReadyPush,
    RecordPush,
    StatePush,
)


class Subscriber:
    """One client's queue of pushes.

    Attributes:
        followed: ids of the sessions whose partial text it wants.
    """

    def __init__(self) -> None:
        self.followed: frozenset[str] = frozenset()
        self._queue: deque[bytes] = deque()
        self._size = 0
        self.behind = False
        self._wake = asyncio.Event()

    def put(self, line: bytes) -> None:
        """Owe the client one more push."""
        if self.behind:
            return
        self._queue.append(line)
        self._size += len(line)
        self.behind = self._size > PUSH_LIMIT
        if self.behind:
            self._queue.clear()
            self._size = 0
        self._wake.set()

    def refill(self, lines: Iterable[bytes]) -> None:
        """Start over with a snapshot; it may be larger than the limit."""
        self.behind = False
        self._queue.extend(lines)
        self._wake.set()

    async def take(self) -> list[bytes]:
        """Everything owed now; waits until there is something."""
        while not self._queue and not self.behind:
            self._wake.clear()
            await self._wake.wait()
        lines = list(self._queue)
        self._queue.clear()
        self._size = 0
        return lines


class Hub:
    """All subscribers.

    Args:
        snapshot: gives the states of all sessions now.
    """

    def __init__(self, snapshot: Callable[[], list[SessionState]]) -> None:
        self._snapshot = snapshot
        self._subscribers: set[Subscriber] = set()
        self._complete = False

    def complete(self) -> None:
        """Every session was taken up: from now on a snapshot is all there is."""
        self._complete = True
        self.refresh()

    def found(self, state: SessionState) -> None:
        """Tell everybody of a session that was taken up."""
        self._all(StatePush(state=state))

    def add(self, subscriber: Subscriber) -> None:
        """Begin to push to a client, with a snapshot first."""
        self._subscribers.add(subscriber)
        self.resynchronise(subscriber)

    def remove(self, subscriber: Subscriber) -> None:
        """Forget a client."""
        self._subscribers.discard(subscriber)

    def resynchronise(self, subscriber: Subscriber) -> None:
        """Send a client everything anew."""
        states = self._snapshot()
        pushes: list[Push] = [StatePush(state=state) for state in states]
        if self._complete:
            pushes.append(ReadyPush(sessions=tuple(state.id for state in states)))
        subscriber.refill(_lines(pushes))

    def record(self, session: str, record: Record) -> None:
        """Tell everybody of a journalled record."""
        self._all(RecordPush(session=session, record=record))

    def delta(self, session: str, delta: Delta) -> None:
        """Tell those who follow the session of partial text."""
        self._to(DeltaPush(session=session, delta=delta), self._followers(session))

    def progress(self, session: str, done: int, total: int) -> None:
        """Tell everybody how far the making of a worktree is."""
        self._all(ProgressPush(session=session, done=done, total=total))

    def refresh(self) -> None:
        """Send everybody everything anew: a session came back or went for good."""
        for subscriber in self._subscribers:
            self.resynchronise(subscriber)

    def viewed(self, session: str) -> bool:
        """Whether anybody follows the session."""
        return any(self._followers(session))

    def _followers(self, session: str) -> list[Subscriber]:
        return [s for s in self._subscribers if session in s.followed]

    def _all(self, push: Push) -> None:
        self._to(push, self._subscribers)

    def _to(self, push: Push, subscribers: Iterable[Subscriber]) -> None:
        line: bytes | None = None
        for subscriber in subscribers:
            line = line or dump_push(push) + b"\n"
            subscriber.put(line)


def _lines(pushes: Iterable[Push]) -> list[bytes]:
    return [dump_push(push) + b"\n" for push in pushes]
