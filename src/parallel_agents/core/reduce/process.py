"""The fold over the agent's process.

Keep true: with the process its requests end, and a turn that had no result was cut.
"""

from typing import assert_never

from parallel_agents.core import events as ev
from parallel_agents.core.state import Problem, SessionState
from parallel_agents.core.summary import first_line
from parallel_agents.core.value import replace


def fold_process(state: SessionState, event: ev.ProcessEvent, record: ev.Record) -> SessionState:
    """Fold what becomes of the agent's process.

    Args:
        state: the facts before it.
        event: what happened.
        record: how it is journalled.

    Returns:
        The facts after it.
    """
    match event:
        case ev.RunStarted():
            return replace(
                state,
                run=event.run,
                offset=event.offset,
                liveness="starting",
                conversation=event.conversation,
                stopped=None,
                stopping=False,
                problem=None,
                pid=None,
            )
        case ev.RunReady():
            return replace(
                state,
                liveness="alive",
                pid=event.pid,
                version=event.version or state.version,
                commands=event.commands or state.commands,
                models=event.models or state.models,
                outcome=state.turn_outcome,
            )
        case ev.RunEnded():
            return _ended(state, event, record)
        case ev.StopRequested():
            alive = state.liveness != "none"
            return replace(state, stopped=event.reason, stopping=alive)
        case ev.InterruptRequested():
            return state
        case _:
            assert_never(event)


def _ended(state: SessionState, event: ev.RunEnded, record: ev.Record) -> SessionState:
    """The process is gone: requests are void, and a turn without a result was cut."""
    if event.run != state.run:
        return state
    asked = event.asked or state.stopping
    started = any(m.progress == "started" and m.run == event.run for m in state.messages)
    open_work = bool(state.running or state.requests or state.messages or state.decided)
    outcome, problem, turn = state.outcome, state.problem, state.turn_outcome
    if event.error:
        outcome, problem = "error", Problem(message=event.error, hint=event.hint)
    elif started or (state.running and not asked):
        outcome, problem, turn = "cut", _cut_problem(event), "cut"
    elif not asked and open_work:
        outcome, problem = "error", _died_problem(event)
    kept = tuple(m for m in state.messages if m.progress != "started")
    return replace(
        state,
        liveness="none",
        pid=None,
        running=False,
        decided=(),
        refused=(),
        requests=(),
        tasks=(),
        retry=None,
        messages=tuple(replace(m, progress="queued", run=0) for m in kept),
        stopping=False,
        stopped=state.stopped if asked else None,
        outcome=outcome,
        turn_outcome=turn,
        problem=problem,
        unread=state.unread or not asked,
        ended_at=record.at,
    )


def _cut_problem(event: ev.RunEnded) -> Problem:
    return Problem(
        message=f"The turn was cut off: {_how(event)}.",
        hint="Send “continue” to resume where it left off.",
    )


def _died_problem(event: ev.RunEnded) -> Problem:
    said = first_line(event.stderr)
    message = f"The agent's process ended by itself: {_how(event)}."
    return Problem(message=f"{message} It said: {said}" if said else message, hint=event.hint)


def _how(event: ev.RunEnded) -> str:
    if event.signal is not None:
        return f"its process was ended by signal {event.signal}"
    if event.code is not None:
        return f"its process ended with exit status {event.code}"
    return "its process is gone and its end was not recorded"
