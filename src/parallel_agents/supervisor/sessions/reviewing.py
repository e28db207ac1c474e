"""Journals what a person has seen of a session's work.

Keep true: a look is journalled only when the files differ from those seen before; what a client
names is bounded, and a hash where it has to be one.
"""

import re
from collections.abc import Sequence

from parallel_agents.core import events as ev
from parallel_agents.core.errors import UsageError
from parallel_agents.core.worktree import DiffPart
from parallel_agents.supervisor.sessions.session import Session
from parallel_agents.wire.messages import MarkViewed

_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PATH_LIMIT = 4096
_PARTS = 1000


def looked(session: Session, parts: Sequence[DiffPart]) -> None:
    """Note which trees a person has looked at.

    Args:
        session: whose files they hold.
        parts: the trees.

    Raises:
        UsageError: they are not named by hashes, or too many.
        StorageError: it could not be journalled.
    """
    named = all(_HASH.fullmatch(name) for part in parts for name in (part.base, part.tree))
    if not named or len(parts) > _PARTS or any(len(p.prefix) > _PATH_LIMIT for p in parts):
        raise UsageError("What was looked at is not named by hashes.")
    seen = session.state.place.seen
    if seen is None or trees_of(seen.parts) != trees_of(parts):
        session.ledger.record(ev.ChangesSeen(parts=tuple(parts)))


def trees_of(parts: Sequence[DiffPart]) -> dict[str, str]:
    """The trees of some parts, by prefix."""
    return {part.prefix: part.tree for part in parts}


def mark_viewed(session: Session, message: MarkViewed) -> None:
    """Mark a file as viewed, or take the mark back.

    Args:
        session: whose file.
        message: which file, with which content.

    Raises:
        UsageError: the content is not named by a hash, or the path is too long.
        StorageError: it could not be journalled.
    """
    if not _HASH.fullmatch(message.blob) or not 0 < len(message.path) <= _PATH_LIMIT:
        raise UsageError("Only a file whose content was compared can be marked.")
    event = ev.FileViewed(
        path=message.path, blob=message.blob, gone=message.gone, viewed=message.viewed
    )
    mark = ev.FileViewed(path=message.path, blob=message.blob, gone=message.gone)
    known = mark in session.state.place.viewed
    if message.key not in session.state.keys and known != message.viewed:
        session.ledger.record(event, key=message.key)
