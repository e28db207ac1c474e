"""The fold over what the agent reports of its turns."""

from typing import assert_never

from parallel_agents.core import events as ev
from parallel_agents.core.state import Problem, Retry, SessionState
from parallel_agents.core.summary import first_line
from parallel_agents.core.value import replace


def fold_turn(state: SessionState, event: ev.TurnEvent, record: ev.Record) -> SessionState:
    """Fold what the agent reports of its turns.

    Args:
        state: the facts before it.
        event: what happened.
        record: how it is journalled.

    Returns:
        The facts after it.
    """
    match event:
        case ev.AgentStateChanged():
            return _activity(state, event, record)
        case ev.TurnStarted():
            return replace(
                state,
                conversation=event.conversation or state.conversation,
                model=event.model or state.model,
                mode=event.mode or state.mode,
                version=event.version or state.version,
            )
        case ev.TurnEnded():
            return _turn_ended(state, event)
        case ev.ModeChanged():
            return replace(state, mode=event.mode)
        case ev.Retrying():
            retry = Retry(
                attempt=event.attempt,
                maximum=event.maximum,
                error=event.error,
                hint=event.hint,
                fatal=event.fatal,
            )
            return replace(state, retry=retry)
        case ev.LimitChanged():
            until = event.resets_at if event.status == "rejected" else None
            return replace(state, limit_until=until)
        case ev.BackgroundTasks():
            return replace(state, tasks=event.tasks)
        case _:
            assert_never(event)


def _activity(state: SessionState, event: ev.AgentStateChanged, record: ev.Record) -> SessionState:
    if event.state == "idle":
        waiting = tuple(m for m in state.messages if m.progress != "started")
        return replace(state, running=False, decided=(), refused=(), retry=None, messages=waiting)
    if state.liveness == "none":
        return state
    started_at = state.turn_at if state.running else record.at
    decided = () if event.state == "running" else state.decided
    return replace(state, running=True, decided=decided, turn_at=started_at)


def _turn_ended(state: SessionState, event: ev.TurnEnded) -> SessionState:
    """A result answers every started message; queued ones belong to the next turn."""
    problem = Problem(message=event.error, hint=event.hint) if event.outcome == "error" else None
    # What is reported begins again at 0 after /clear (recording `72-worktree-clear`).
    counted = state.cost_reported if event.cost_usd >= state.cost_reported else 0.0
    return replace(
        state,
        messages=tuple(m for m in state.messages if m.progress != "started"),
        outcome=event.outcome,
        turn_outcome=event.outcome,
        problem=problem,
        retry=None,
        answered=True,
        unread=state.unread or event.outcome != "interrupted",
        activity=first_line(event.text) or state.activity,
        cost_usd=state.cost_usd + event.cost_usd - counted,
        cost_reported=event.cost_usd,
        input_tokens=state.input_tokens + event.input_tokens,
        output_tokens=state.output_tokens + event.output_tokens,
        context_tokens=event.context_tokens or event.input_tokens or state.context_tokens,
        context_window=event.context_window or state.context_window,
        turns=state.turns + 1,
    )
