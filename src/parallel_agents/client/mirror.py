"""The client's copy of every session's facts: a snapshot, then records, with the same fold."""

from parallel_agents.core.reduce import reduce
from parallel_agents.core.state import SessionState
from parallel_agents.wire.pushes import (
    DeltaPush,
    ProgressPush,
    Push,
    ReadyPush,
    RecordPush,
    StatePush,
)


class Mirror:
    """The facts of all sessions.

    Attributes:
        sessions: by id.
        progress: for each worktree being created, the files written so far and in total.
        trash_cost: what the sessions have cost that were in the trash before, in US dollars.
    """

    def __init__(self) -> None:
        self.sessions: dict[str, SessionState] = {}
        self.progress: dict[str, tuple[int, int]] = {}
        self.trash_cost = 0.0

    @property
    def cost(self) -> float:
        """What all sessions have cost, with those in the trash, in US dollars."""
        return self.trash_cost + sum(state.turn.cost_usd for state in self.sessions.values())

    def apply(self, push: Push) -> frozenset[str]:
        """Apply one push.

        Returns:
            Ids of the sessions that were changed, added or removed.
        """
        match push:
            case StatePush(state=state):
                self.sessions[state.id] = state
                return frozenset({state.id})
            case ReadyPush(sessions=ids, trash_cost_usd=cost):
                self.trash_cost = cost
                gone = self.sessions.keys() - set(ids)
                for session in gone:
                    del self.sessions[session]
                return frozenset(gone)
            case RecordPush(session=session, record=record):
                before = self.sessions.get(session, SessionState())
                after = reduce(before, record)
                self.sessions[session] = after
                if not after.place.creating:
                    self.progress.pop(session, None)
                return frozenset({session}) if after is not before else frozenset()
            case ProgressPush(session=session, done=done, total=total):
                self.progress[session] = (done, total)
                return frozenset({session})
            case DeltaPush():
                return frozenset()
