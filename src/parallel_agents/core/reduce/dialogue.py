"""The fold over what person and agent wait for of each other.

Keep true: requests are open only while the process that asked lives; a message is kept until a turn
that started it has a result.
"""

from typing import assert_never

from parallel_agents.core import events as ev
from parallel_agents.core.state import DialogueFacts, Message, ProcessFacts, Request
from parallel_agents.core.value import replace

_RANK = {"queued": 0, "delivered": 1, "accepted": 2, "started": 3}
_REFUSED = 8

_Agent = ev.AgentStateChanged | ev.TurnEnded | ev.ToolReturned | ev.RunEnded
DialogueConcern = (
    ev.MessageQueued
    | ev.MessageProgressed
    | ev.RequestOpened
    | ev.RequestDecided
    | ev.RequestWithdrawn
    | ev.ControlRefused
    | _Agent
)
"""The events that change it."""


def fold_dialogue(
    dialogue: DialogueFacts, event: DialogueConcern, record: ev.Record, process: ProcessFacts
) -> DialogueFacts:
    """Fold what person and agent ask of each other.

    Args:
        dialogue: the facts before it.
        event: what happened.
        record: how it is journalled.
        process: the facts of the process before it.

    Returns:
        The facts after it.
    """
    match event:
        case ev.MessageQueued():
            return _queued(dialogue, event) if is_new(dialogue, event) else dialogue
        case ev.MessageProgressed():
            return _progressed(dialogue, event, record.run or process.run)
        case ev.RequestOpened():
            return _opened(dialogue, event, record) if process.is_there else dialogue
        case ev.RequestDecided():
            return _decided(dialogue, event)
        case ev.RequestWithdrawn():
            return replace(dialogue, requests=_without(dialogue.requests, event.request))
        case ev.ControlRefused():
            return replace(dialogue, refused=(*dialogue.refused, event.answer)[-_REFUSED:])
        case ev.AgentStateChanged() | ev.TurnEnded() | ev.ToolReturned() | ev.RunEnded():
            return _went_on(dialogue, event, process)
        case _:
            assert_never(event)


def is_new(dialogue: DialogueFacts, event: ev.MessageQueued) -> bool:
    """Whether a message is not on its way already.

    Args:
        dialogue: the facts before it.
        event: the message.
    """
    return all(m.uuid != event.uuid for m in dialogue.messages)


def _queued(dialogue: DialogueFacts, event: ev.MessageQueued) -> DialogueFacts:
    message = Message(uuid=event.uuid, text=event.text, note=event.note)
    return replace(dialogue, messages=(*dialogue.messages, message))


def _went_on(dialogue: DialogueFacts, event: _Agent, process: ProcessFacts) -> DialogueFacts:
    """What the agent's own progress settles."""
    match event:
        case ev.AgentStateChanged(state="idle"):
            messages = _unstarted(dialogue.messages)
            return replace(dialogue, decided=(), refused=(), messages=messages)
        case ev.AgentStateChanged():
            taken_up = process.is_there and event.state == "running" and dialogue.decided
            return replace(dialogue, decided=()) if taken_up else dialogue
        case ev.TurnEnded():  # it answers every started message; queued ones belong to the next
            return replace(dialogue, messages=_unstarted(dialogue.messages))
        case ev.ToolReturned():
            if not dialogue.requests and not dialogue.decided:
                return dialogue
            # An answered tool waits for nobody, also when nobody withdrew the request:
            # when its stdin closes, one only writes the tool's error (recording `60-untrusted`).
            answered = event.tool_use
            requests = tuple(r for r in dialogue.requests if not answered or r.tool_use != answered)
            return replace(dialogue, decided=(), requests=requests)
        case ev.RunEnded():
            if event.run != process.run:
                return dialogue
            kept = _unstarted(dialogue.messages)
            return DialogueFacts(messages=tuple(replace(m, progress="queued", run=0) for m in kept))


def _unstarted(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    return tuple(m for m in messages if m.progress != "started")


def _progressed(dialogue: DialogueFacts, event: ev.MessageProgressed, run: int) -> DialogueFacts:
    """Follow a message.

    A started one is kept until the turn has a result: the CLI answers `completed` for a resent
    uuid without doing the rest of its work (measured), so `completed` alone proves nothing.
    """
    if event.progress == "cancelled" or began_earlier(dialogue, event):
        kept = tuple(m for m in dialogue.messages if m.uuid != event.uuid)
        return replace(dialogue, messages=kept)
    if event.progress == "completed":
        return dialogue
    messages = tuple(
        replace(m, progress=event.progress, run=run)
        if m.uuid == event.uuid and _RANK[event.progress] > _RANK[m.progress]
        else m
        for m in dialogue.messages
    )
    return replace(dialogue, messages=messages)


def began_earlier(dialogue: DialogueFacts, event: ev.MessageProgressed) -> bool:
    """The CLI calls a message completed that it never started here: an earlier process did."""
    return event.progress == "completed" and any(
        m.uuid == event.uuid and m.progress != "started" for m in dialogue.messages
    )


def _without(requests: tuple[Request, ...], request: str) -> tuple[Request, ...]:
    return tuple(r for r in requests if r.id != request)


def _decided(dialogue: DialogueFacts, event: ev.RequestDecided) -> DialogueFacts:
    held = any(r.id == event.request for r in dialogue.requests)
    return replace(
        dialogue,
        requests=_without(dialogue.requests, event.request),
        decided=(*dialogue.decided, event.line) if held else dialogue.decided,
    )


def _opened(dialogue: DialogueFacts, event: ev.RequestOpened, record: ev.Record) -> DialogueFacts:
    request = _request(event, record)
    before = told_before(dialogue, event)
    if before is None:
        return replace(dialogue, requests=(*dialogue.requests, request), decided=())
    # Told anew, with more of what it asks: it waits in its place.
    request = replace(request, asked_at=before.asked_at)
    told = tuple(request if r is before else r for r in dialogue.requests)
    return replace(dialogue, requests=told)


def told_before(dialogue: DialogueFacts, event: ev.RequestOpened) -> Request | None:
    """The same request as it was told before; None for a new one.

    Args:
        dialogue: the facts before it.
        event: the request.
    """
    return next((r for r in dialogue.requests if r.id == event.request), None)


def _request(event: ev.RequestOpened, record: ev.Record) -> Request:
    return Request(
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
