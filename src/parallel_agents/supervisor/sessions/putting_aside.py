"""Putting a session out of the way, for good or for some time.

Keep true: nothing of the session changes but where it is listed; its agent goes on.
"""

from parallel_agents.core import events as ev
from parallel_agents.core.ids import new_uuid
from parallel_agents.supervisor.sessions.session import Session


def archive(session: Session, key: str, *, archived: bool) -> None:
    """Put a session out of the list, or take it back.

    Raises:
        StorageError: it cannot be journalled.
    """
    if key not in session.state.keys and archived != session.state.session.archived:
        _record(session, ev.Archived(archived=archived), key)


def snooze(session: Session, key: str, until: int) -> None:
    """Put a session out of the way until a time in milliseconds since 1970; 0 wakes it.

    Raises:
        StorageError: it cannot be journalled.
    """
    if key not in session.state.keys and until != session.state.session.snoozed_until:
        _record(session, ev.Snoozed(until=until), key)


def _record(session: Session, event: ev.Archived | ev.Snoozed, key: str) -> None:
    """Whoever puts a session aside has looked at it: only what comes later brings it back."""
    seen = (ev.Seen(),) if session.state.unread else ()
    session.ledger.record(event, *seen, key=key)


def wake_if_due(session: Session, now: int) -> None:
    """Wake a session whose time is over.

    Args:
        session: any session.
        now: milliseconds since 1970.

    Raises:
        StorageError: it cannot be journalled yet.
    """
    until = session.state.session.snoozed_until
    if 0 < until <= now:
        session.ledger.record(ev.Snoozed(until=0), key=new_uuid())
