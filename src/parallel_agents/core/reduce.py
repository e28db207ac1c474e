"""The one fold from events to facts, used by the supervisor and by every client.

Keep true: pure; total (every event in every state gives a state); a record whose `seq` is not
above the state's is ignored, so that replaying is harmless; requests are open only while the
process that asked lives; turn end does not close a request (a subagent may still be waiting:
recording `15-subagent`), only a decision, a withdrawal, the tool's own answer or the end of the
process does.
"""

from dataclasses import replace
from typing import assert_never

from parallel_agents.core import events as ev
from parallel_agents.core.state import (
    KEYS,
    Counts,
    Evidence,
    Message,
    Problem,
    Request,
    Retry,
    SessionState,
)
from parallel_agents.core.summary import first_line, tool_summary

FACT_OF = {
    "session_created": "created",
    "worktree_ready": "worktree",
    "worktree_missing": "worktree",
    "setup_failed": "setup",
    "setup_retried": "setup",
    "setup_done": "setup",
    "run_started": "process",
    "run_ready": "process",
    "run_ended": "process",
    "stop_requested": "stop",
    "message_queued": "messages",
    "message_progressed": "messages",
    "agent_state_changed": "turn",
    "turn_started": "turn",
    "turn_ended": "outcome",
    "request_opened": "requests",
    "request_decided": "requests",
    "request_withdrawn": "requests",
    "retrying": "retry",
    "limit_changed": "limit",
    "background_tasks": "tasks",
    "delete_requested": "delete",
    "delete_cancelled": "delete",
    "deleted": "delete",
}
"""Which fact an event type bears on; the evidence that `explain` prints."""

_RANK = {"queued": 0, "delivered": 1, "accepted": 2, "started": 3}


def reduce(state: SessionState, record: ev.Record) -> SessionState:
    """Fold one record into the facts.

    Args:
        state: the facts after `state.seq` records.
        record: the next record.

    Returns:
        The facts after it; `state` itself when the record was folded before.
    """
    if record.seq <= state.seq:
        return state
    event = record.event
    after = _fold(state, event, record)
    because = after.because
    fact = FACT_OF.get(event.type)
    if fact is not None:
        evidence = Evidence(seq=record.seq, at=record.at, event=event.type)
        because = {**because, fact: evidence}
    position = record.offset if record.run and record.run == after.run else after.offset
    keys = after.keys
    if record.key and record.key not in keys:
        keys = (*keys, record.key)[-KEYS:]
    return replace(
        after,
        seq=record.seq,
        updated_at=record.at,
        offset=position,
        because=because,
        keys=keys,
    )


def _fold(state: SessionState, event: ev.Event, record: ev.Record) -> SessionState:
    if isinstance(event, _ConversationEvent):
        return _conversation(state, event)
    if isinstance(event, _TurnEvent):
        return _turn(state, event, record)
    if isinstance(event, _DialogueEvent):
        return _dialogue(state, event, record)
    if isinstance(event, _ProcessEvent):
        return _process(state, event, record)
    if isinstance(event, _PlaceEvent):
        return _place(state, event, record)
    if isinstance(event, ev.ControlRefused):
        return replace(state, refused=(*state.refused, event.answer)[-_REFUSED:])
    if isinstance(event, _OnlySaid):
        return state
    return _person(state, event)


_REFUSED = 8
_OnlySaid = ev.Notice | ev.StepOutput | ev.LineKept | ev.ControlAnswered

_PlaceEvent = (
    ev.SessionCreated
    | ev.WorktreeReady
    | ev.SetupFailed
    | ev.SetupRetried
    | ev.PortsAssigned
    | ev.StepStarted
    | ev.StepEnded
    | ev.SetupDone
    | ev.WorktreeMissing
    | ev.ChangesCounted
    | ev.MainCheckoutChanged
)


def _ready(state: SessionState, event: ev.WorktreeReady) -> SessionState:
    """It stands; one that is seen again after it was missed owes what it owed before."""
    return replace(
        state,
        worktree=replace(event, setup=False),
        creating=event.setup,
        setup_owed=event.setup or state.setup_owed,
        setup=None,
        missing="",
    )


def _place(state: SessionState, event: _PlaceEvent, record: ev.Record) -> SessionState:
    match event:
        case ev.SessionCreated():
            return _created(event, record)
        case ev.WorktreeReady():
            return _ready(state, event)
        case ev.SetupFailed():
            problem = Problem(message=event.message, hint=event.hint)
            return replace(state, creating=False, setup=problem, step="", unread=True)
        case ev.SetupRetried():
            return replace(state, creating=True, setup=None)
        case ev.PortsAssigned():
            return replace(state, port=event.first, ports=event.count)
        case ev.StepStarted():
            return replace(state, step=first_line(event.command))
        case ev.StepEnded():
            return replace(state, step="")
        case ev.SetupDone():
            return replace(state, creating=False, setup_owed=False, step="")
        case ev.WorktreeMissing():
            return replace(state, missing=event.reason, unread=True)
        case ev.ChangesCounted():
            counts = Counts(
                files=event.files, insertions=event.insertions, deletions=event.deletions
            )
            return replace(state, changes=counts)
        case ev.MainCheckoutChanged():
            return replace(state, main_changed=event.detail)
        case _:
            assert_never(event)


_PersonEvent = (
    ev.Renamed
    | ev.Pinned
    | ev.Seen
    | ev.OptionsChanged
    | ev.DeleteRequested
    | ev.DeleteCancelled
    | ev.Deleted
    | ev.Restored
)


def _person(state: SessionState, event: _PersonEvent) -> SessionState:
    match event:
        case ev.Renamed():
            return replace(state, name=event.name)
        case ev.Pinned():
            return replace(state, pinned=event.pinned)
        case ev.Seen():
            return replace(state, unread=False)
        case ev.OptionsChanged():
            return replace(state, options=event.options)
        case ev.DeleteRequested():
            return replace(state, deleting=True)
        case ev.DeleteCancelled():
            return replace(state, deleting=False)
        case ev.Deleted():
            return replace(state, deleting=False, deleted=True)
        case ev.Restored():
            worktree = event.worktree or state.worktree
            return replace(state, deleted=False, deleting=False, missing="", worktree=worktree)
        case _:
            assert_never(event)


def _created(event: ev.SessionCreated, record: ev.Record) -> SessionState:
    return SessionState(
        id=event.id,
        request=event.request,
        name=event.name,
        prompt=event.prompt,
        agent=event.agent,
        directory=event.directory,
        base=event.base,
        asked_branch=event.branch,
        branch_pattern=event.pattern,
        adopted=event.adopted,
        place=event.place,
        options=event.options,
        created_at=record.at,
        creating=True,
        conversation=event.request,
    )


_ProcessEvent = ev.RunStarted | ev.RunReady | ev.RunEnded | ev.StopRequested | ev.InterruptRequested


def _process(state: SessionState, event: _ProcessEvent, record: ev.Record) -> SessionState:
    match event:
        case ev.RunStarted():
            return replace(
                state,
                run=event.run,
                offset=0,
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
        hint="Send “continue” to go on where it left off.",
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
    return "its process is gone without a recorded ending"


_DialogueEvent = (
    ev.MessageQueued
    | ev.MessageProgressed
    | ev.RequestOpened
    | ev.RequestDecided
    | ev.RequestWithdrawn
)


def _dialogue(state: SessionState, event: _DialogueEvent, record: ev.Record) -> SessionState:
    match event:
        case ev.MessageQueued():
            if any(m.uuid == event.uuid for m in state.messages):
                return state
            message = Message(uuid=event.uuid, text=event.text)
            return replace(state, messages=(*state.messages, message), stopped=None, unread=False)
        case ev.MessageProgressed():
            return _progressed(state, event, record)
        case ev.RequestOpened():
            return _opened(state, event, record)
        case ev.RequestDecided():
            held = any(r.id == event.request for r in state.requests)
            return replace(
                state,
                requests=_without(state.requests, event.request),
                decided=(*state.decided, event.line) if held else state.decided,
                unread=False,
            )
        case ev.RequestWithdrawn():
            return replace(state, requests=_without(state.requests, event.request))
        case _:
            assert_never(event)


def _progressed(
    state: SessionState, event: ev.MessageProgressed, record: ev.Record
) -> SessionState:
    """Follow a message.

    A started one is kept until the turn has a result: the CLI answers `completed` for a resent
    uuid without doing the rest of its work (measured), so `completed` alone proves nothing.
    """
    if event.progress == "cancelled":
        return replace(state, messages=_drop(state.messages, event.uuid))
    if event.progress == "completed":
        return _completed(state, event.uuid)
    messages = tuple(
        replace(m, progress=event.progress, run=record.run or state.run)
        if m.uuid == event.uuid and _RANK[event.progress] > _RANK[m.progress]
        else m
        for m in state.messages
    )
    return replace(state, messages=messages)


def _completed(state: SessionState, uuid: str) -> SessionState:
    """The CLI calls a message completed that it never started here: an earlier process did."""
    known = any(m.uuid == uuid and m.progress != "started" for m in state.messages)
    if not known:
        return state
    problem = Problem(
        message="The turn was cut off: an earlier process had begun this message.",
        hint="Send “continue” to go on where it left off.",
    )
    return replace(
        state,
        messages=_drop(state.messages, uuid),
        outcome="cut",
        turn_outcome="cut",
        problem=problem,
        unread=True,
    )


def _drop(messages: tuple[Message, ...], uuid: str) -> tuple[Message, ...]:
    return tuple(m for m in messages if m.uuid != uuid)


def _without(requests: tuple[Request, ...], request: str) -> tuple[Request, ...]:
    return tuple(r for r in requests if r.id != request)


def _opened(state: SessionState, event: ev.RequestOpened, record: ev.Record) -> SessionState:
    request = Request(
        id=event.request,
        kind=event.kind,
        tool_name=event.tool_name,
        input=event.input,
        digest=event.digest,
        asked_at=record.at,
        seq=record.seq,
        tool_use=event.tool_use,
        subagent=event.subagent,
        description=event.description,
        reason=event.reason,
        suggestions=event.suggestions,
    )
    if state.liveness == "none":
        return state
    requests = (*_without(state.requests, event.request), request)
    return replace(state, requests=requests, decided=(), unread=True)


_TurnEvent = (
    ev.AgentStateChanged
    | ev.TurnStarted
    | ev.TurnEnded
    | ev.ModeChanged
    | ev.Retrying
    | ev.LimitChanged
    | ev.BackgroundTasks
)


def _turn(state: SessionState, event: _TurnEvent, record: ev.Record) -> SessionState:
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


_ConversationEvent = (
    ev.UserText
    | ev.AssistantText
    | ev.AssistantThinking
    | ev.ToolUsed
    | ev.ToolReturned
    | ev.TaskProgressed
)


def _conversation(state: SessionState, event: _ConversationEvent) -> SessionState:
    match event:
        case ev.AssistantText():
            return replace(state, activity=first_line(event.text) or state.activity, retry=None)
        case ev.ToolUsed():
            return replace(state, activity=tool_summary(event.name, event.input), retry=None)
        case ev.ToolReturned():
            # An answered tool waits for nobody, also when nobody withdrew the request: claude
            # only writes the tool's error when its stdin closes (recording `60-untrusted`).
            answered = event.tool_use
            requests = tuple(r for r in state.requests if not answered or r.tool_use != answered)
            return replace(state, decided=(), requests=requests)
        case _:
            return state
