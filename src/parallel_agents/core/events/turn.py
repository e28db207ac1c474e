"""What the agent reports of its turns."""

from typing import Literal

from parallel_agents.core.value import Tagged, Value

AgentActivity = Literal["running", "requires_action", "idle"]
TurnOutcome = Literal["ok", "error", "interrupted"]


class AgentStateChanged(Tagged, tag="agent_state_changed"):
    """The agent's own state: `session_state_changed` of the CLI."""

    state: AgentActivity


class TurnStarted(Tagged, tag="turn_started"):
    """`system/init`: the agent began a turn and said under which conditions."""

    conversation: str
    cwd: str = ""
    model: str = ""
    mode: str = ""
    version: str = ""


class TurnEnded(Tagged, tag="turn_ended"):
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


class ModeChanged(Tagged, tag="mode_changed"):
    """The agent's permission mode changed."""

    mode: str


class Retrying(Tagged, tag="retrying"):
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


class LimitChanged(Tagged, tag="limit_changed"):
    """A usage limit; `resets_at` in seconds since 1970, None when not said."""

    status: str
    kind: str = ""
    resets_at: float | None = None


class BackgroundTask(Value):
    """A subagent or shell that goes on beside the turn."""

    id: str
    kind: Literal["agent", "shell", "other"]
    description: str = ""


class BackgroundTasks(Tagged, tag="background_tasks"):
    """All background tasks there are now; replaces what was said before."""

    tasks: tuple[BackgroundTask, ...]


TurnEvent = (
    AgentStateChanged
    | TurnStarted
    | TurnEnded
    | ModeChanged
    | Retrying
    | LimitChanged
    | BackgroundTasks
)
