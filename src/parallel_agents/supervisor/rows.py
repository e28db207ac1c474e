"""A session as scripts see it: one entry of `ls --json`; the schema is in `docs/protocol.md`."""

from typing import Any

from parallel_agents.core.label import derive
from parallel_agents.core.state import Request, SessionState

_WAITING_FOR = {
    "permission": "permission prompt",
    "question": "input needed",
    "plan": "input needed",
}


def row(state: SessionState) -> dict[str, Any]:
    """Make the entry.

    Args:
        state: the session's facts.

    Returns:
        Plain JSON values, raw text; `status`, `pid` and `waitingFor` are null while no process
        lives or nothing is waited for.
    """
    label = derive(state)
    worktree = state.worktree
    alive = state.liveness != "none"
    return {
        "id": state.id,
        "name": state.name,
        "cwd": worktree.path if worktree else state.directory,
        "kind": "background",
        "startedAt": state.created_at,
        "updatedAt": state.updated_at,
        "state": label.state,
        "detail": label.detail,
        "status": _status(state) if alive else None,
        "pid": state.pid if alive else None,
        "waitingFor": _WAITING_FOR[state.requests[0].kind] if state.requests else None,
        "sessionId": state.conversation,
        "agent": state.agent,
        "repo": worktree.root if worktree else None,
        "worktree": worktree.path if worktree else None,
        "branch": state.branch,
        "head": (state.head.detached or None) if state.head else None,
        "base": worktree.base if worktree else state.base,
        "baseCommit": worktree.base_commit if worktree else None,
        "model": state.model or state.options.model,
        "mode": state.mode or state.options.mode,
        "unread": state.unread,
        "pinned": state.pinned,
        "deleting": state.deleting,
        "damagedRecords": state.damaged,
        "costUsd": round(state.cost_usd, 6),
        "changes": {
            "files": state.changes.files,
            "insertions": state.changes.insertions,
            "deletions": state.changes.deletions,
        },
        "pending": [_pending(request) for request in state.requests],
    }


def _status(state: SessionState) -> str:
    if state.requests:
        return "waiting"
    return "busy" if state.running or state.messages or state.decided else "idle"


def _pending(request: Request) -> dict[str, Any]:
    return {
        "requestId": request.id,
        "digest": request.digest,
        "kind": request.kind,
        "toolName": request.tool_name,
        "summary": request.said,
        "askedAt": request.asked_at,
    }
