"""Reads what waits for a decision, over all sessions.

Keep true: the request that waits longest comes first; one that was decided meanwhile is left out.
"""

from collections.abc import Iterator

from parallel_agents.cli import asked
from parallel_agents.cli.printed import WaitingRequest
from parallel_agents.client.quick import QuickClient
from parallel_agents.core.errors import UnreachableError, UserError
from parallel_agents.wire.messages import ListSessions, PendingInput, PendingRequest, SessionRow


def waiting(client: QuickClient) -> Iterator[WaitingRequest]:
    """List all pending requests, each with all that is needed to decide.

    Raises:
        UserError: the supervisor does not answer.
    """
    for row, request in _pending(client):
        message = PendingInput(session=row.id, request=request.request_id)
        try:
            whole = client.request(message)
        except UnreachableError:
            raise
        except UserError:  # decided, or gone with its session
            continue
        odd = asked.doubts(whole.tool_name, whole.input)
        yield WaitingRequest.of(row, request.asked_at, whole, odd)


def _pending(client: QuickClient) -> list[tuple[SessionRow, PendingRequest]]:
    rows = client.request(ListSessions(every=True, state="blocked")).sessions
    pending = [(row, request) for row in rows for request in row.pending]
    return sorted(pending, key=lambda entry: (entry[1].asked_at, entry[0].id))
