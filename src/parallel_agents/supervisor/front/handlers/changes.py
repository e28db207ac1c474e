"""Answers about a session's changes, and takes some of them out."""

from parallel_agents.core.events import ChangeRejected
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import DiffStat as ChangedFiles
from parallel_agents.supervisor.front.service import Service
from parallel_agents.supervisor.sessions import reviewing, scopes
from parallel_agents.supervisor.sessions.session import Session
from parallel_agents.wire import messages as m
from parallel_agents.wire.request import Done
from parallel_agents.worktrees.edit.rejection import Wish


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


async def reject(service: Service, message: m.Reject) -> m.TakenOut:
    """Take a change out of the worktree."""
    session = service.find(message.session)
    session.check_present()
    wish = Wish(
        parts=message.parts,
        path=message.path,
        old_path=message.old_path or "",
        hunks=message.hunks,
    )
    change = await session.workplace.rejections.reject(message.key, wish)
    return _taken(session, change, is_out=True)


async def undo_reject(service: Service, message: m.UndoReject) -> m.TakenOut:
    """Put the change back that was taken out last."""
    session = service.find(message.session)
    session.check_present()
    change = await session.workplace.rejections.undo(message.key)
    return _taken(session, change, is_out=False)


def _taken(session: Session, change: ChangeRejected, *, is_out: bool) -> m.TakenOut:
    return m.TakenOut(
        number=change.number,
        path=change.path,
        old_path=change.old_path,
        spans=change.spans,
        insertions=change.insertions,
        deletions=change.deletions,
        is_out=is_out,
        kept=str(session.workplace.rejections.directory(change.number)),
        left=len(session.state.place.rejections),
    )


async def note_look(service: Service, message: m.NoteLook) -> Done:
    """Note what a person has looked at."""
    reviewing.looked(service.find(message.session), message.parts)
    return Done()


async def mark_viewed(service: Service, message: m.MarkViewed) -> Done:
    """Mark a file as viewed."""
    reviewing.mark_viewed(service.find(message.session), message)
    return Done()
