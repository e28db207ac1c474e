"""The subscribed clients, and the pushes queued for each.

Keep true: a client gets pushes in order. Nobody waits for a client that does not read, and it never
costs more than `PUSH_LIMIT` bytes: its queue is dropped and the client is resynchronised. A client
is told that it has every session only when it does.
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
        followed: ids of the sessions whose partial text the client wants.
    """

    def __init__(self) -> None:
        self.followed: frozenset[str] = frozenset()
        self._queue: deque[bytes] = deque()
        self._size = 0
        self.behind = False
        self._wake = asyncio.Event()

    def put(self, line: bytes) -> None:
        """Queue one more push for the client."""
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
        """Queue a snapshot for a client that fell behind; it may be larger than the limit."""
        self.behind = False
        self._queue.extend(lines)
        self._wake.set()

    async def take(self) -> list[bytes]:
        """Take everything queued; wait until there is something."""
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
        snapshot: returns the current states of all sessions that are not in the trash.
        trash_cost: returns what those in the trash have cost, in US dollars.
    """

    def __init__(
        self,
        snapshot: Callable[[], list[SessionState]],
        trash_cost: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._snapshot = snapshot
        self._trash_cost = trash_cost
        self._subscribers: set[Subscriber] = set()
        self._complete = False

    def complete(self) -> None:
        """Note that every session is recovered: from now on a snapshot is complete."""
        self._complete = True
        self.refresh()

    def found(self, state: SessionState) -> None:
        """Tell every client about a recovered session."""
        self._all(StatePush(state=state))

    def add(self, subscriber: Subscriber) -> None:
        """Begin to push to a client, starting with a snapshot."""
        self._subscribers.add(subscriber)
        self.resynchronise(subscriber)

    def remove(self, subscriber: Subscriber) -> None:
        """Forget a client."""
        self._subscribers.discard(subscriber)

    def resynchronise(self, subscriber: Subscriber) -> None:
        """Send a client everything again."""
        states = self._snapshot()
        pushes: list[Push] = [StatePush(state=state) for state in states]
        if self._complete:
            ids = tuple(state.id for state in states)
            pushes.append(ReadyPush(sessions=ids, trash_cost_usd=self._trash_cost()))
        subscriber.refill(_lines(pushes))

    def record(self, session: str, record: Record) -> None:
        """Push a journalled record to every client."""
        self._all(RecordPush(session=session, record=record))

    def delta(self, session: str, delta: Delta) -> None:
        """Push partial text to the clients that follow the session."""
        self._to(DeltaPush(session=session, delta=delta), self._followers(session))

    def progress(self, session: str, done: int, total: int) -> None:
        """Tell every client how far the creation of a worktree is."""
        self._all(ProgressPush(session=session, done=done, total=total))

    def refresh(self) -> None:
        """Send every client everything again: a session was restored or removed for good."""
        for subscriber in self._subscribers:
            self.resynchronise(subscriber)

    def viewed(self, session: str) -> bool:
        """Whether any client follows the session."""
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
