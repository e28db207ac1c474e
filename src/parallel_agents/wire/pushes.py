"""What the supervisor sends unasked to a subscribed client."""

from parallel_agents.core.events import Delta, Record
from parallel_agents.core.state import SessionState
from parallel_agents.core.value import Tagged


class StatePush(Tagged, tag="state"):
    """A session's facts, whole: at the start, and after a client fell behind."""

    state: SessionState


class ReadyPush(Tagged, tag="ready"):
    """Every session has been sent; forget the ones not named."""

    sessions: tuple[str, ...]


class RecordPush(Tagged, tag="record"):
    """One more record of a session's journal."""

    session: str
    record: Record


class DeltaPush(Tagged, tag="delta"):
    """Partial text of the followed session."""

    session: str
    delta: Delta


class ProgressPush(Tagged, tag="progress"):
    """How far the making of a worktree is; files, 0 of 0 when not known."""

    session: str
    done: int
    total: int


Push = StatePush | ReadyPush | RecordPush | DeltaPush | ProgressPush
"""The closed list of pushes."""
