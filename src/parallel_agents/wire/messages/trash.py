"""Requests about deleting: what it would save, what it saved, and how to restore it."""

from parallel_agents.core.value import Value
from parallel_agents.wire.messages.sessions import SessionRow
from parallel_agents.wire.request import Request


class OwnWorkReply(Value):
    """The session's own work.

    Attributes:
        saved: the own work, one phrase each; a deletion keeps all of it.
        skipped: paths that a deletion drops, relative to the worktree.
        merged: how its commits got into the base; empty if they did not, or there are none.
    """

    session: SessionRow
    saved: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    merged: str = ""


class OwnWork(Request[OwnWorkReply], tag="own_work"):
    """Ask for the session's own work, which a deletion would have to save."""

    session: str


class Deletion(Value):
    """A session that is deleted, or is about to be.

    Attributes:
        saved: its own work, one phrase each; the trash keeps all of it.
        skipped: paths that were dropped, relative to the worktree.
        notes: messages for the person, one sentence each.
        until: when it is removed for good, in milliseconds since 1970; None until it is deleted.
    """

    session: SessionRow
    saved: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    until: int | None = None


class Delete(Request[Deletion], tag="delete"):
    """Stop the session and move it to the trash; without `wait`, reply once this is journalled."""

    key: str
    session: str
    wait: bool = True


class CancelDelete(Request[SessionRow], tag="cancel_delete"):
    """Cancel a deletion that has not happened yet."""

    key: str
    session: str


class Restore(Request[SessionRow], tag="restore"):
    """Bring a session back from the trash; `directory` says where its repository is now."""

    key: str
    session: str
    directory: str = ""


class DeletedSession(Value):
    """A session in the trash.

    Attributes:
        repo: None if it had no worktree; so is `branch`.
        deleted_at: milliseconds since 1970.
        size_bytes: None until it has been counted.
    """

    id: str
    name: str
    repo: str | None
    branch: str | None
    deleted_at: int
    size_bytes: int | None
    notes: tuple[str, ...]
    saved: tuple[str, ...]
    skipped: tuple[str, ...]


class TrashList(Value):
    """The sessions in the trash."""

    entries: tuple[DeletedSession, ...]


class ListTrash(Request[TrashList], tag="list_trash"):
    """List the sessions in the trash, with their sizes."""


class Emptied(Value):
    """Ids of the sessions that were removed for good."""

    removed: tuple[str, ...]


class EmptyTrash(Request[Emptied], tag="empty_trash"):
    """Remove sessions in the trash for good.

    Attributes:
        days: remove only those deleted at least this long ago; None removes them at any age.
        session: remove only this one.
    """

    key: str
    days: float | None = None
    session: str | None = None


class CleanVerdict(Value):
    """What happens to one session, and the reason in one plain sentence."""

    id: str
    name: str
    why: str


class Cleaned(Value):
    """The sessions that were moved to the trash, and the old ones that were kept."""

    cleaned: tuple[CleanVerdict, ...]
    kept: tuple[CleanVerdict, ...]


class Clean(Request[Cleaned], tag="clean"):
    """Move finished sessions without work of their own to the trash.

    Attributes:
        days: only those in which nothing has happened for this long; None for the setting.
        dry_run: only list them.
    """

    key: str
    days: float | None = None
    dry_run: bool = False
