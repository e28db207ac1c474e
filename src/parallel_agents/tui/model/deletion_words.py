"""Messages before and after a deletion: what is kept, what is not, and how to undo it."""

from datetime import UTC, datetime

from parallel_agents.wire.messages import Deletion, OwnWorkReply

_NAMED = 3


def would_save(name: str, own: OwnWorkReply) -> str:
    """Describe what a second Ctrl+X would do.

    Args:
        name: name of the session.
        own: the reply to `OwnWork`.
    """
    if not own.saved:
        merged = f" ({own.merged})" if own.merged else ""
        return f"Ctrl+X again deletes {name}; it has no work of its own{merged}."
    kept = ", ".join(map(str, own.saved))
    return f"Ctrl+X again deletes {name}; kept in the trash: {kept}.{_left(own)}"


def was_saved(name: str, told: Deletion) -> str:
    """Describe what a deletion kept.

    Args:
        name: name of the session.
        told: the reply to a `Delete` request that waited for the deletion.
    """
    if not told.saved:
        return f"Deleted {name}; it had no work of its own. u brings it back."
    kept = ", ".join(map(str, told.saved))
    until = f" until {_day(int(told.until))}" if told.until else ""
    left = _left(told)
    return f"Deleted {name}; kept in the trash{until}: {kept}.{left} u brings it back."


def _left(reply: OwnWorkReply | Deletion) -> str:
    skipped = [str(path) for path in reply.skipped]
    if not skipped:
        return ""
    more = f" and {len(skipped) - _NAMED} more" if len(skipped) > _NAMED else ""
    return f" Not kept: {', '.join(skipped[:_NAMED])}{more}."


def _day(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone().date().isoformat()
