"""The fold over what person and agent ask of each other.

Keep true: requests are open only while the process that asked lives; a message is kept until a turn
that started it has a result.
"""

from typing import assert_never

from parallel_agents.core import events as ev
from parallel_agents.core.state import Message, Problem, Request, SessionState
from parallel_agents.core.value import replace

_RANK = {"queued": 0, "delivered": 1, "accepted": 2, "started": 3}
_REFUSED = 8


def fold_dialogue(state: SessionState, event: ev.DialogueEvent, record: ev.Record) -> SessionState:
    """Fold what person and agent ask of each other.

    Args:
        state: the facts before it.
        event: what happened.
        record: how it is journalled.

    Returns:
        The facts after it.
    """
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
        case ev.ControlRefused():
            return replace(state, refused=(*state.refused, event.answer)[-_REFUSED:])
        case ev.ControlAnswered() | ev.FileServed():
            return state
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
        message="The turn was cut off: an earlier process had started on this message.",
        hint="Send “continue” to resume where it left off.",
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
        summary=event.summary,
        plan=event.plan,
        questions=event.questions,
        approvals=event.approvals,
        rules=event.rules,
        kept_in=event.kept_in,
        editable=event.editable,
    )
    if state.liveness == "none":
        return state
    before = next((r for r in state.requests if r.id == event.request), None)
    if before is not None:  # told anew, with more of what it asks: it waits in its place
        request = replace(request, asked_at=before.asked_at)
        told = tuple(request if r is before else r for r in state.requests)
        changed = before.digest != request.digest
        return replace(state, requests=told, unread=state.unread or changed)
    requests = (*state.requests, request)
    return replace(state, requests=requests, decided=(), unread=True)
