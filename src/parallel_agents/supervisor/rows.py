"""A session as scripts see it: one entry of `ls --json`; its schema is in `docs/schema/`."""

from parallel_agents.core.errors import StorageError
from parallel_agents.core.label import derive
from parallel_agents.core.state import Request, SessionState
from parallel_agents.supervisor.session import Session
from parallel_agents.wire.messages import PendingRequest, SessionRow

_WAITING_FOR = {
    "permission": "permission prompt",
    "question": "input needed",
    "plan": "input needed",
}


def session_row(state: SessionState) -> SessionRow:
    """Make the entry of a session with these facts."""
    label = derive(state)
    worktree = state.worktree
    alive = state.liveness != "none"
    return SessionRow(
        id=state.id,
        name=state.name,
        cwd=worktree.path if worktree else state.directory,
        kind="background",
        started_at=state.created_at,
        updated_at=state.updated_at,
        state=label.state,
        detail=label.detail,
        status=_status(state) if alive else None,
        pid=state.pid if alive else None,
        waiting_for=_WAITING_FOR[state.requests[0].kind] if state.requests else None,
        session_id=state.conversation,
        agent=state.agent,
        repo=worktree.root if worktree else None,
        worktree=worktree.path if worktree else None,
        branch=state.branch,
        head=(state.head.detached or None) if state.head else None,
        base=worktree.base if worktree else state.base,
        base_commit=worktree.base_commit if worktree else None,
        model=state.model or state.options.model,
        mode=state.mode or state.options.mode,
        unread=state.unread,
        pinned=state.pinned,
        deleting=state.deleting,
        damaged_records=state.damaged,
        cost_usd=round(state.cost_usd, 6),
        changes=state.changes,
        pending=tuple(_pending(request) for request in state.requests),
    )


async def durable_row(session: Session) -> SessionRow:
    """The entry of a session to which something was done that must not be lost once answered.

    Raises:
        StorageError: it is done, but the disk does not confirm it.
    """
    try:
        await session.ledger.syncing.settled()
    except StorageError as error:
        hint = f"A power failure could undo it. {error.hint}"
        raise type(error)(f"It is done, but {error.message}", hint) from None
    return session_row(session.state)


def _status(state: SessionState) -> str:
    if state.requests:
        return "waiting"
    return "busy" if state.running or state.messages or state.decided else "idle"


def _pending(request: Request) -> PendingRequest:
    return PendingRequest(
        request_id=request.id,
        digest=request.digest,
        kind=request.kind,
        tool_name=request.tool_name,
        summary=request.said,
        asked_at=request.asked_at,
    )
