"""What is asked about deleting: what it would keep, what it kept, the way back."""

from parallel_agents.core.value import Value
from parallel_agents.wire.messages.sessions import SessionRow
from parallel_agents.wire.request import Request


class OwnWorkReply(Value):
    """What only the session's worktree has.

    Attributes:
        saved: one phrase each; a deletion keeps all of it.
        skipped: paths that a deletion drops, relative to the worktree.
        merged: how its commits got into the base; empty when they did not, or there are none.
    """

    session: SessionRow
    saved: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    merged: str = ""


class OwnWork(Request[OwnWorkReply], tag="own_work"):
    """What only the session's worktree has: what a deletion would have to save."""

    session: str


class Deletion(Value):
    """A session that is deleted, or is about to be.

    Attributes:
        saved: what only it had, one phrase each; all of it is kept in the trash.
        skipped: paths that were dropped, relative to the worktree.
        notes: what the person should be told, one sentence each.
        until: milliseconds since 1970, when it goes for good; None while it is not deleted.
    """

    session: SessionRow
    saved: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    until: int | None = None


class Delete(Request[Deletion], tag="delete"):
    """Move the session to the trash; stops it first. With `wait` off, journals and returns."""

    key: str
    session: str
    wait: bool = True


class CancelDelete(Request[SessionRow], tag="cancel_delete"):
    """Undo a deletion that has not happened yet."""

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
        repo: None for one that had no worktree, as `branch`.
        deleted_at: milliseconds since 1970.
        size_bytes: None until it was counted.
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
    """What is in the trash."""

    entries: tuple[DeletedSession, ...]


class ListTrash(Request[TrashList], tag="list_trash"):
    """What is in the trash, with sizes."""


class Emptied(Value):
    """Ids of the sessions that are gone for good."""

    removed: tuple[str, ...]


class EmptyTrash(Request[Emptied], tag="empty_trash"):
    """Remove what is in the trash, for good.

    Attributes:
        days: least age of what is removed; None removes whatever its age.
        session: remove this one only.
    """

    key: str
    days: float | None = None
    session: str | None = None


class CleanVerdict(Value):
    """What becomes of one session, and why: one plain sentence."""

    id: str
    name: str
    why: str


class Cleaned(Value):
    """The sessions that were moved to the trash, and the old ones that were kept."""

    cleaned: tuple[CleanVerdict, ...]
    kept: tuple[CleanVerdict, ...]


class Clean(Request[Cleaned], tag="clean"):
    """Move finished sessions that have nothing of their own to the trash.

    Attributes:
        days: least time since anything happened to them; None takes the setting.
        dry_run: only list them.
    """

    key: str
    days: float | None = None
    dry_run: bool = False
