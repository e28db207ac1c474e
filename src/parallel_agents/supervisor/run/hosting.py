"""Carries out host requests: what an agent asks its host to do.

Keep true: only within the session's own worktree, through `worktrees.text_files`; every request is
answered. A request is journalled after its answer is written. If the supervisor dies in between,
the next one reads the line again and repeats the request, so that no agent waits for ever.
"""

from parallel_agents.agents.hosting import HostRequest, ReadFile, Served, WriteFile
from parallel_agents.core import events as ev
from parallel_agents.core.errors import UserError
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.supervisor.record.session_ledger import SessionLedger
from parallel_agents.worktrees.filesystem.text_files import Place, read_text, write_text


async def serve(ledger: SessionLedger, request: HostRequest) -> tuple[ev.FileServed, str]:
    """Carry out a host request.

    Args:
        ledger: the ledger of the session whose agent asks.
        request: what the agent asks.

    Returns:
        The event to journal, and the line that answers the agent.
    """
    try:
        place = _place(ledger.state.place.record, ledger.context.umask)
        text = await ledger.context.threads.quick(_carry_out, place, request)
        served = Served(text=text)
    except UserError as error:
        served = Served(refused=error.message)
    does: ev.FileAccess = "write" if isinstance(request, WriteFile) else "read"
    event = ev.FileServed(path=request.path, does=does, refused=served.refused)
    return event, request.answering(served)


def _place(record: WorktreeRecord, umask: int) -> Place:
    return Place(top=record.path, device=record.device, inode=record.inode, umask=umask)


def _carry_out(place: Place, request: HostRequest) -> str:
    match request:
        case ReadFile():
            return read_text(place, request.path)
        case WriteFile():
            write_text(place, request.path, request.text)
            return ""
