"""The fold over a session as a person has it."""

from typing import assert_never

from parallel_agents.core import events as ev
from parallel_agents.core.state import SessionFacts
from parallel_agents.core.value import replace

SessionConcern = (
    ev.SessionCreated
    | ev.Renamed
    | ev.Pinned
    | ev.Archived
    | ev.Snoozed
    | ev.MessageQueued
    | ev.OptionsChanged
    | ev.DeleteRequested
    | ev.DeleteCancelled
    | ev.Deleted
    | ev.Restored
    | ev.JournalDamaged
)
"""The events that change it."""


def fold_session(session: SessionFacts, event: SessionConcern, record: ev.Record) -> SessionFacts:
    """Fold what becomes of a session.

    Args:
        session: the facts before it.
        event: what happened.
        record: how it is journalled.

    Returns:
        The facts after it.
    """
    match event:
        case ev.SessionCreated():
            return _created(event, record)
        case ev.Renamed():
            return replace(session, name=event.name)
        case ev.Pinned():
            return replace(session, pinned=event.pinned)
        case ev.Archived() | ev.Snoozed() | ev.MessageQueued():
            return _put_aside(session, event)
        case ev.OptionsChanged():
            return replace(session, options=event.options)
        case ev.DeleteRequested():
            return replace(session, deleting=True)
        case ev.DeleteCancelled():
            return replace(session, deleting=False)
        case ev.Deleted():
            return replace(session, deleting=False, deleted=True)
        case ev.Restored():
            return replace(session, deleting=False, deleted=False)
        case ev.JournalDamaged():
            return replace(session, damaged=event.records)
        case _:
            assert_never(event)


def _put_aside(
    session: SessionFacts, event: ev.Archived | ev.Snoozed | ev.MessageQueued
) -> SessionFacts:
    match event:
        case ev.Archived():
            return replace(session, archived=event.archived)
        case ev.Snoozed():
            return replace(session, snoozed_until=event.until)
        case ev.MessageQueued():
            # Whoever gives a session something to do wants to see what comes of it.
            aside = session.archived or session.snoozed_until
            return replace(session, archived=False, snoozed_until=0) if aside else session
        case _:
            assert_never(event)


def _created(event: ev.SessionCreated, record: ev.Record) -> SessionFacts:
    return SessionFacts(
        id=event.id,
        request=event.request,
        name=event.name,
        prompt=event.prompt,
        agent=event.agent,
        options=event.options,
        created_at=record.at,
    )
