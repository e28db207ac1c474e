"""Answers about a session's changes."""

from parallel_agents.core.value import replace
from parallel_agents.core.worktree import DiffStat as ChangedFiles
from parallel_agents.supervisor.front.service import Service
from parallel_agents.supervisor.sessions import reviewing, scopes
from parallel_agents.wire import messages as m
from parallel_agents.wire.request import Done


async def diff_stat(service: Service, message: m.DiffStat) -> ChangedFiles:
    """The files that differ."""
    return await scopes.compared(service.find(message.session), message.scope, service.find)


async def list_commits(service: Service, message: m.ListCommits) -> m.CommitList:
    """The commits beyond the base."""
    return m.CommitList(commits=await scopes.commits(service.find(message.session)))


async def diff_text(service: Service, message: m.DiffText) -> m.PatchPage:
    """A page of the unified diff."""
    if message.other:  # a name, which may have the form of a path
        message = replace(message, other=service.find(message.other).id)
    return await service.patches.page(service.find(message.session), message)


async def note_look(service: Service, message: m.NoteLook) -> Done:
    """Note what a person has looked at."""
    reviewing.looked(service.find(message.session), message.parts)
    return Done()


async def mark_viewed(service: Service, message: m.MarkViewed) -> Done:
    """Mark a file as viewed."""
    reviewing.mark_viewed(service.find(message.session), message)
    return Done()
