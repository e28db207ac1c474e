"""A session as scripts see it: one entry of `ls --json`, whose schema is in `docs/schema/`."""

from parallel_agents.core.errors import StorageError
from parallel_agents.core.label import derive, since
from parallel_agents.core.state import Request, SessionState
from parallel_agents.supervisor.sessions.session import Session
from parallel_agents.wire.messages import PendingRequest, SessionRow

_WAITING_FOR = {
    "permission": "permission prompt",
    "question": "input needed",
    "plan": "input needed",
}


def session_row(state: SessionState) -> SessionRow:
    """Make the entry of a session from its facts."""
    label = derive(state)
    worktree, requests = state.place.worktree, state.dialogue.requests
    alive = state.process.is_there
    return SessionRow(
        id=state.id,
        name=state.session.name,
        cwd=worktree.path if worktree else state.place.directory,
        kind="background",
        started_at=state.session.created_at,
        updated_at=state.updated_at,
        state=label.state,
        since=since(state),
        detail=label.detail,
        status=_status(state) if alive else None,
        pid=state.process.pid if alive else None,
        waiting_for=_WAITING_FOR[requests[0].kind] if requests else None,
        session_id=state.conversation.id,
        agent=state.session.agent,
        repo=worktree.root if worktree else None,
        worktree=worktree.path if worktree else None,
        branch=state.place.branch,
        head=(state.place.head.detached or None) if state.place.head else None,
        base=worktree.base if worktree else state.place.base,
        base_commit=worktree.base_commit if worktree else None,
        model=state.conversation.model or state.session.options.model,
        mode=state.conversation.mode or state.session.options.mode,
        unread=state.unread,
        pinned=state.session.pinned,
        archived=state.session.archived,
        snoozed_until=state.session.snoozed_until,
        deleting=state.session.deleting,
        damaged_records=state.session.damaged,
        cost_usd=round(state.turn.cost_usd, 6),
        changes=state.place.changes,
        pending=tuple(_pending(request) for request in state.dialogue.requests),
    )


async def durable_row(session: Session) -> SessionRow:
    """Wait until the disk confirms the last change to a session, then make its entry.

    A change that was answered must not be lost.

    Raises:
        StorageError: the change is made, but the disk does not confirm it.
    """
    try:
        await session.ledger.syncing.settled()
    except StorageError as error:
        hint = f"A power failure could undo it. {error.hint}"
        raise type(error)(f"It is done, but {error.message}", hint) from None
    return session_row(session.state)


def _status(state: SessionState) -> str:
    if state.dialogue.requests:
        return "waiting"
    return (
        "busy"
        if state.turn.running or state.dialogue.messages or state.dialogue.decided
        else "idle"
    )


def _pending(request: Request) -> PendingRequest:
    return PendingRequest(
        request_id=request.id,
        digest=request.digest,
        kind=request.kind,
        tool_name=request.tool_name,
        summary=request.said,
        asked_at=request.asked_at,
    )
