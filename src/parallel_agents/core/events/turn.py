"""What the agent reports of its turns."""

from dataclasses import dataclass
from typing import Literal

AgentActivity = Literal["running", "requires_action", "idle"]
TurnOutcome = Literal["ok", "error", "interrupted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStateChanged:
    """The agent's own state: `session_state_changed` of the CLI."""

    state: AgentActivity
    type: Literal["agent_state_changed"] = "agent_state_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnStarted:
    """`system/init`: the agent began a turn and said under which conditions."""

    conversation: str
    cwd: str = ""
    model: str = ""
    mode: str = ""
    version: str = ""
    type: Literal["turn_started"] = "turn_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEnded:
    """`result`: how the turn ended.

    Attributes:
        text: the agent's closing words.
        error: what went wrong, in the agent's words; empty when nothing did.
        hint: what to run or do about the error.
        cost_usd: what the conversation has cost so far, in US dollars; a cleared one begins
            again at 0.
        input_tokens: tokens read in this turn, cache included.
        output_tokens: tokens written in this turn.
        context_tokens: tokens that the turn's last model call read; 0 when not known.
        context_window: size of the model's context in tokens; 0 when not said.
        duration_ms: wall time of the turn in milliseconds.
    """

    outcome: TurnOutcome
    text: str = ""
    error: str = ""
    hint: str = ""
    reason: str = ""
    cost_usd: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    context_tokens: int = 0
    context_window: int = 0
    duration_ms: int = 0
    type: Literal["turn_ended"] = "turn_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeChanged:
    """The agent's permission mode changed."""

    mode: str
    type: Literal["mode_changed"] = "mode_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying:
    """The agent's model call failed and will be tried again.

    Attributes:
        delay_ms: pause before the next attempt, in milliseconds.
        fatal: whether trying again is pointless (login, billing, unknown model).
    """

    attempt: int
    maximum: int
    delay_ms: int = 0
    status: int | None = None
    error: str = ""
    hint: str = ""
    fatal: bool = False
    type: Literal["retrying"] = "retrying"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitChanged:
    """A usage limit; `resets_at` in seconds since 1970, None when not said."""

    status: str
    kind: str = ""
    resets_at: float | None = None
    type: Literal["limit_changed"] = "limit_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundTask:
    """A subagent or shell that goes on beside the turn."""

    id: str
    kind: Literal["agent", "shell", "other"]
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundTasks:
    """All background tasks there are now; replaces what was said before."""

    tasks: tuple[BackgroundTask, ...]
    type: Literal["background_tasks"] = "background_tasks"


TurnEvent = (
    AgentStateChanged
    | TurnStarted
    | TurnEnded
    | ModeChanged
    | Retrying
    | LimitChanged
    | BackgroundTasks
)
