"""The fold over the agent's turns.

Keep true: a turn that had no result when its process ended was cut.
"""

from typing import assert_never

from parallel_agents.core import events as ev
from parallel_agents.core.facts import Problem
from parallel_agents.core.reduce.dialogue import began_earlier
from parallel_agents.core.reduce.process import is_asked
from parallel_agents.core.state import DialogueFacts, ProcessFacts, Retry, TurnFacts
from parallel_agents.core.summary import first_line
from parallel_agents.core.value import replace

TurnConcern = (
    ev.AgentStateChanged
    | ev.TurnEnded
    | ev.Retrying
    | ev.LimitChanged
    | ev.BackgroundTasks
    | ev.RunStarted
    | ev.RunReady
    | ev.RunEnded
    | ev.MessageProgressed
    | ev.AssistantText
    | ev.ToolUsed
)
"""The events that change it."""


def fold_turn(
    turn: TurnFacts,
    event: TurnConcern,
    record: ev.Record,
    process: ProcessFacts,
    dialogue: DialogueFacts,
) -> TurnFacts:
    """Fold what becomes of the agent's turns.

    Args:
        turn: the facts before it.
        event: what happened.
        record: how it is journalled.
        process: the facts of the process before it.
        dialogue: the facts of the dialogue before it.

    Returns:
        The facts after it.
    """
    match event:
        case ev.AssistantText() | ev.ToolUsed():
            return turn if turn.retry is None else replace(turn, retry=None)
        case ev.AgentStateChanged():
            return _activity(turn, event, record, process)
        case ev.TurnEnded():
            return _turn_ended(turn, event, record)
        case ev.MessageProgressed():
            return _completed(turn, record) if began_earlier(dialogue, event) else turn
        case ev.RunStarted():
            return replace(turn, problem=None)
        case ev.RunReady():
            return replace(turn, outcome=turn.result)
        case ev.RunEnded():
            return _run_ended(turn, event, record, process, dialogue)
        case ev.Retrying():
            return replace(turn, retry=_retry(event, record))
        case ev.LimitChanged():
            return replace(
                turn, limit_until=event.resets_at if event.status == "rejected" else None
            )
        case ev.BackgroundTasks():
            return replace(turn, tasks=event.tasks)
        case _:
            assert_never(event)


def _retry(event: ev.Retrying, record: ev.Record) -> Retry:
    return Retry(
        attempt=event.attempt,
        maximum=event.maximum,
        error=event.error,
        hint=event.hint,
        fatal=event.fatal,
        status=event.status,
        due_at=record.at + event.delay_ms if event.delay_ms else 0,
    )


def _activity(
    turn: TurnFacts, event: ev.AgentStateChanged, record: ev.Record, process: ProcessFacts
) -> TurnFacts:
    if event.state == "idle":
        return replace(turn, running=False, retry=None)
    if not process.is_there or turn.running:
        return turn
    return replace(turn, running=True, started_at=record.at)


def _turn_ended(turn: TurnFacts, event: ev.TurnEnded, record: ev.Record) -> TurnFacts:
    problem = Problem(message=event.error, hint=event.hint) if event.outcome == "error" else None
    # What is reported begins again at 0 after /clear (recording `72-worktree-clear`).
    counted = turn.cost_reported if event.cost_usd >= turn.cost_reported else 0.0
    return replace(
        turn,
        ended_at=record.at,
        outcome=event.outcome,
        result=event.outcome,
        problem=problem,
        retry=None,
        answered=True,
        cost_usd=turn.cost_usd + event.cost_usd - counted,
        cost_reported=event.cost_usd,
        input_tokens=turn.input_tokens + event.input_tokens,
        output_tokens=turn.output_tokens + event.output_tokens,
        context_tokens=event.context_tokens or event.input_tokens or turn.context_tokens,
        context_window=event.context_window or turn.context_window,
        count=turn.count + 1,
    )


def _completed(turn: TurnFacts, record: ev.Record) -> TurnFacts:
    problem = Problem(
        message="The turn was cut off: an earlier process had started on this message.",
        hint="Send “continue” to resume where it left off.",
    )
    return replace(turn, outcome="cut", result="cut", problem=problem, ended_at=record.at)


def _run_ended(
    turn: TurnFacts,
    event: ev.RunEnded,
    record: ev.Record,
    process: ProcessFacts,
    dialogue: DialogueFacts,
) -> TurnFacts:
    if event.run != process.run:
        return turn
    asked = is_asked(process, event)
    started = any(m.progress == "started" and m.run == event.run for m in dialogue.messages)
    open_work = bool(turn.running or dialogue.requests or dialogue.messages or dialogue.decided)
    over = replace(turn, running=False, tasks=(), retry=None)
    failed = replace(over, ended_at=record.at)
    if event.error:
        problem = Problem(message=event.error, hint=event.hint)
        return replace(failed, outcome="error", problem=problem)
    if started or (turn.running and not asked):
        return replace(failed, outcome="cut", result="cut", problem=_cut_problem(event))
    if not asked and open_work:
        return replace(failed, outcome="error", problem=_died_problem(event))
    return over


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
