"""The pushes: what the supervisor sends to a subscribed client without a request."""

from parallel_agents.core.events import Delta, Record
from parallel_agents.core.state import SessionState
from parallel_agents.core.value import Tagged


class StatePush(Tagged, tag="state"):
    """All facts of a session, sent at the start and after a client fell behind."""

    state: SessionState


class ReadyPush(Tagged, tag="ready"):
    """All sessions have been sent; the client forgets those that are not named.

    Attributes:
        trash_cost_usd: what the sessions in the trash have cost, in US dollars.
    """

    sessions: tuple[str, ...]
    trash_cost_usd: float = 0.0


class RecordPush(Tagged, tag="record"):
    """One more record of a session's journal."""

    session: str
    record: Record


class DeltaPush(Tagged, tag="delta"):
    """Partial text of the followed session."""

    session: str
    delta: Delta


class ProgressPush(Tagged, tag="progress"):
    """How many files of a new worktree are written; 0 of 0 if unknown."""

    session: str
    done: int
    total: int


Push = StatePush | ReadyPush | RecordPush | DeltaPush | ProgressPush
"""The closed list of pushes."""
