"""Answers about a session's changes against its base."""

from parallel_agents.core.worktree import DiffStat as ChangedFiles
from parallel_agents.supervisor.front.service import Service
from parallel_agents.supervisor.sessions.last_turn import last_turn
from parallel_agents.wire import messages as m


async def diff_stat(service: Service, message: m.DiffStat) -> ChangedFiles:
    """The changed files."""
    session = service.find(message.session)
    if message.turn:
        return await last_turn(session)
    return await session.workplace.changes.compared()


async def diff_text(service: Service, message: m.DiffText) -> m.PatchPage:
    """A page of the unified diff."""
    return await service.patches.page(service.find(message.session), message)
