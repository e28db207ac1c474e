"""Finds the pending request that the user means.

Keep true: a user who comes too late is told what was decided, and their decision has no effect.
"""

from parallel_agents.core import events as ev
from parallel_agents.core.errors import UserError
from parallel_agents.core.state import Request
from parallel_agents.core.summary import decision_words
from parallel_agents.supervisor.sessions.session import Session

_BACK = 1_000
"""How many records to search backwards for the outcome of a request."""


async def find_pending(session: Session, request: str | None) -> Request:
    """Find a pending request.

    Args:
        session: the session that the request belongs to.
        request: id of the request; None for the only one.

    Raises:
        UsageError: several requests are pending and none was named.
        UserError: none is pending, or the named one no longer is; the error says what became of it.
    """
    try:
        return session.pending(request)
    except UserError as error:
        over = "" if request is None else await _what_became(session, request)
        if not over:
            raise
        raise UserError(f"That request is already settled: {over}.", error.hint) from None


async def _what_became(session: Session, request: str) -> str:
    last = session.state.seq
    for record in reversed(await session.ledger.page(max(last - _BACK, 1), last)):
        match record.event:
            case ev.RequestDecided(request=name, decision=decision) if name == request:
                return f"it was {decision_words(decision)}, from another screen or command"
            case ev.RequestWithdrawn(request=name) if name == request:
                return "the agent withdrew it"
            case _:
                pass
    return ""
