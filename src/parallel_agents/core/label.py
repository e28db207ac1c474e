"""The state a person is shown, derived from the facts; first match wins.

Keep true: `derive` is the only place that decides a state. It reads facts, never a clock.
"""

from typing import Literal

from parallel_agents.core.state import SessionState
from parallel_agents.core.value import Value

StateName = Literal["blocked", "working", "stopped", "failed", "done", "idle"]
STATES: tuple[StateName, ...] = ("blocked", "working", "stopped", "failed", "done", "idle")

SHOWN_AS: dict[StateName, str] = {
    "blocked": "Needs input",
    "working": "Working",
    "stopped": "Stopped",
    "failed": "Failed",
    "done": "Done",
    "idle": "Idle",
}


class Label(Value):
    """A derived state.

    Attributes:
        state: its name, as in `--json`.
        detail: what to say beside it, raw; may be empty.
        facts: names of the facts (keys of `SessionState.because`) that decided it.
    """

    state: StateName
    detail: str
    facts: tuple[str, ...]

    @property
    def shown(self) -> str:
        """The word on the screen."""
        return SHOWN_AS[self.state]


def derive(state: SessionState) -> Label:
    """Decide what a person is shown.

    Args:
        state: the facts.

    Returns:
        The one label they give.
    """
    if state.process.is_there and state.dialogue.requests:
        return Label(state="blocked", detail=_asked(state), facts=("requests", "process"))
    return _working(state) or _stopped(state) or _failed(state) or _finished(state)


def since(state: SessionState) -> int:
    """Say when a session got into the state shown, in milliseconds since 1970.

    Args:
        state: the facts.

    Returns:
        For finished work, when its turn ended, whatever became of the process since.
    """
    label = derive(state)
    if label.state == "blocked":
        return state.dialogue.requests[0].asked_at
    if state.turn.running:
        return state.turn.started_at
    if "outcome" in label.facts or (label.state == "stopped" and state.turn.is_over):
        return state.turn.ended_at
    times = [state.because[fact].at for fact in label.facts if fact in state.because]
    return max(times, default=state.session.created_at)


def silent_since(state: SessionState) -> int:
    """Say since when a running turn says nothing, in milliseconds since 1970.

    Returns:
        The time of the agent's last line; 0 when it waits for a known reason, or no turn runs.
    """
    turn = state.turn
    if not turn.running or turn.retry is not None or turn.limit_until is not None:
        return 0
    return 0 if derive(state).state != "working" else max(state.heard_at, turn.started_at)


def _asked(state: SessionState) -> str:
    request = state.dialogue.requests[0]
    text = request.said
    more = len(state.dialogue.requests) - 1
    return f"{text} (+{more} more)" if more else text


def _working(state: SessionState) -> Label | None:
    if state.place.creating:
        detail = f"set-up: {state.place.step}" if state.place.step else "making the worktree"
        return Label(state="working", detail=detail, facts=("created", "setup"))
    if not state.process.is_there:
        return None
    if state.turn.running:
        return Label(state="working", detail=_doing(state), facts=("turn", "process"))
    if state.dialogue.decided:
        return Label(state="working", detail="taking up the answer", facts=("requests",))
    if state.dialogue.messages:
        detail = "starting" if state.process.liveness == "starting" else "taking up the message"
        return Label(state="working", detail=detail, facts=("messages", "process"))
    agents = sum(1 for task in state.turn.tasks if task.kind == "agent")
    if agents:
        return Label(state="working", detail=_count(agents, "subagent"), facts=("tasks",))
    return None


def _doing(state: SessionState) -> str:
    if state.turn.limit_until is not None:
        return "waiting for the usage limit to reset"
    if state.turn.retry is not None:
        retry = state.turn.retry
        detail = f"retrying {retry.attempt}/{retry.maximum}: {retry.error}"
        return f"{detail}. {retry.hint}" if retry.hint else detail
    return state.conversation.activity or "thinking"


def _stopped(state: SessionState) -> Label | None:
    if not state.process.is_there and state.process.stopped in {
        "person",
        "shutdown",
        "delete",
    }:
        if state.place.missing:
            detail = f"worktree missing: {state.place.missing}"
            return Label(state="stopped", detail=detail, facts=("stop", "process", "worktree"))
        return Label(state="stopped", detail="", facts=("stop", "process"))
    return None


def _failed(state: SessionState) -> Label | None:
    if state.place.missing:
        return Label(
            state="failed", detail=f"worktree missing: {state.place.missing}", facts=("worktree",)
        )
    if state.place.setup is not None:
        return Label(
            state="failed", detail=f"set-up: {state.place.setup.message}", facts=("setup",)
        )
    if state.turn.outcome in {"error", "cut"}:
        detail = state.turn.problem.message if state.turn.problem else "the turn failed"
        return Label(state="failed", detail=detail, facts=("outcome", "process"))
    return None


def _finished(state: SessionState) -> Label:
    if state.turn.outcome == "ok":
        return Label(state="done", detail=_rest(state), facts=("outcome",))
    if state.turn.outcome == "interrupted":
        return Label(state="idle", detail="interrupted", facts=("outcome",))
    return Label(state="idle", detail="", facts=("created",))


def _rest(state: SessionState) -> str:
    shells = sum(1 for task in state.turn.tasks if task.kind == "shell")
    if shells:
        return f"{_count(shells, 'shell')} running"
    if not state.process.is_there and state.process.stopped == "attach":
        return "attached in a terminal"
    if not state.process.is_there:
        return "asleep"
    return ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
