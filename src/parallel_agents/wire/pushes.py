"""What the supervisor sends unasked to a subscribed client."""

from dataclasses import dataclass
from typing import Annotated, Literal

from parallel_agents.core.events import Delta, Record
from parallel_agents.core.state import SessionState
from parallel_agents.core.tagged import ByType


@dataclass(frozen=True, slots=True, kw_only=True)
class StatePush:
    """A session's facts, whole: at the start, and after a client fell behind."""

    state: SessionState
    type: Literal["state"] = "state"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyPush:
    """Every session has been sent; forget the ones not named."""

    sessions: tuple[str, ...]
    type: Literal["ready"] = "ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPush:
    """One more record of a session's journal."""

    session: str
    record: Record
    type: Literal["record"] = "record"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeltaPush:
    """Partial text of the followed session."""

    session: str
    delta: Delta
    type: Literal["delta"] = "delta"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressPush:
    """How far the making of a worktree is; files, 0 of 0 when not known."""

    session: str
    done: int
    total: int
    type: Literal["progress"] = "progress"


Push = Annotated[
    StatePush | ReadyPush | RecordPush | DeltaPush | ProgressPush,
    ByType(),
]
"""The closed list of pushes."""
