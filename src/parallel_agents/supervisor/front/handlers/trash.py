"""Handles deleting, restoring and cleaning up."""

from parallel_agents.core import events as ev
from parallel_agents.core.errors import NoSuchSessionError
from parallel_agents.core.worktree import TrashEntry
from parallel_agents.supervisor.front.service import Service
from parallel_agents.supervisor.place import place_choice
from parallel_agents.supervisor.sessions import deletion
from parallel_agents.supervisor.sessions.cleaning import DAY_MS, DEFAULT_DAYS, Cleaning
from parallel_agents.supervisor.sessions.session import Session
from parallel_agents.supervisor.sessions.session_rows import durable_row, session_row
from parallel_agents.wire import messages as m


async def own_work(service: Service, message: m.OwnWork) -> m.OwnWorkReply:
    """What a deletion would have to save."""
    session = service.find(message.session)
    row = session_row(session.state)
    if session.state.place.worktree is None:
        return m.OwnWorkReply(session=row)
    manager = session.context.manager
    own = await session.context.threads.git(manager.own_work, session.workplace.record)
    return m.OwnWorkReply(session=row, saved=own.saved, skipped=own.skipped, merged=own.merged)


async def delete(service: Service, message: m.Delete) -> m.Deletion:
    """Move a session to the trash."""
    session = service.supervisor.find(message.session, key=message.key)
    task = service.supervisor.deletions[session.id]
    task.ask(message.key)
    if not message.wait:
        return m.Deletion(session=await durable_row(session))
    await task.wait()
    row = await durable_row(session)
    latest = await session.ledger.page(session.state.seq - 5, session.state.seq)
    days = service.supervisor.context.config.trash_days
    for record in reversed(latest):
        if isinstance(event := record.event, ev.Deleted):
            until = record.at + int(days * DAY_MS)
            return m.Deletion(
                session=row,
                saved=event.saved,
                skipped=event.skipped,
                notes=event.notes,
                until=until,
            )
    return m.Deletion(session=row)


async def cancel_delete(service: Service, message: m.CancelDelete) -> m.SessionRow:
    """Cancel a deletion that has not happened yet."""
    session = service.find(message.session)
    service.supervisor.deletions[session.id].cancel(message.key)
    return await durable_row(session)


async def restore(service: Service, message: m.Restore) -> m.SessionRow:
    """Restore a session from the trash."""
    supervisor = service.supervisor
    try:
        session = supervisor.find(message.session, deleted=True, key=message.key)
    except NoSuchSessionError as error:
        session = await _half_deleted(service, message.session, error)
    if session.state.session.deleted and not session.state.place.traits.is_apart:
        states = (other.state for other in supervisor.sessions.values())
        place_choice.refuse_second(states, session.state.place.directory)
    await deletion.restore(session, message.key, message.directory)
    return await durable_row(session)


async def _half_deleted(service: Service, name: str, error: NoSuchSessionError) -> Session:
    """Find a session that is still listed because its deletion was cut off."""
    try:
        session = service.find(name)
    except NoSuchSessionError:
        raise error from None
    manager = service.supervisor.context.manager
    if not await session.context.threads.git(manager.unfinished, session.id):
        raise error
    return session


async def list_trash(service: Service, message: m.ListTrash) -> m.TrashList:
    """What is in the trash."""
    context = service.supervisor.context
    entries = {entry.session: entry for entry in await context.threads.git(context.manager.trash)}
    return m.TrashList(
        entries=tuple(
            _deleted(session, entries.get(session.id))
            for session in service.supervisor.sessions.values()
            if session.state.session.deleted
        )
    )


def _deleted(session: Session, entry: TrashEntry | None) -> m.DeletedSession:
    """A session in the trash; without an entry it had no worktree."""
    return m.DeletedSession(
        id=session.id,
        name=session.state.session.name,
        repo=entry.root if entry else None,
        branch=entry.branch if entry else None,
        deleted_at=entry.deleted_at_ms if entry else session.state.updated_at,
        size_bytes=entry.size_bytes if entry else 0,
        notes=entry.notes if entry else (),
        saved=entry.saved if entry else (),
        skipped=entry.skipped if entry else (),
    )


async def empty_trash(service: Service, message: m.EmptyTrash) -> m.Emptied:
    """Remove sessions from the trash for good."""
    supervisor, manager = service.supervisor, service.supervisor.context.manager
    threads = supervisor.context.threads
    age = None if message.days is None else int(message.days * DAY_MS)
    if message.session is None:
        gone = await threads.long(manager.empty_trash, age)
        removed = await supervisor.forget_deleted(gone, only=age is not None)
        return m.Emptied(removed=tuple(removed))
    session = supervisor.find(message.session, deleted=True)
    gone = await threads.long(manager.empty_trash, age, session=session.id)
    if age is None and session.state.place.worktree is None:
        gone = (session.id,)
    return m.Emptied(removed=tuple(await supervisor.forget_deleted(gone, only=True)))


async def clean(service: Service, message: m.Clean) -> m.Cleaned:
    """Move finished sessions without work of their own to the trash."""
    setting = service.supervisor.context.config.auto_clean_days or DEFAULT_DAYS
    days = setting if message.days is None else message.days
    return await Cleaning(service.supervisor).clean(days, dry_run=message.dry_run)
