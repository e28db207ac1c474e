"""What becomes of a session as a person has it: kept, named, deleted, restored."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Move the session to the trash; stops it first. With `wait` off, journals and returns."""

    key: str
    session: str
    wait: bool = True
    type: Literal["delete"] = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelDelete:
    """Undo a deletion that has not happened yet."""

    key: str
    session: str
    type: Literal["cancel_delete"] = "cancel_delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """Bring a session back from the trash; `directory` says where its repository was moved to."""

    key: str
    session: str
    directory: str = ""
    type: Literal["restore"] = "restore"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTrash:
    """What is in the trash, with sizes."""

    type: Literal["list_trash"] = "list_trash"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyTrash:
    """Remove what is in the trash, for good.

    Attributes:
        days: least age of what is removed; None removes whatever its age.
        session: remove this one only.
    """

    key: str
    days: float | None = None
    session: str | None = None
    type: Literal["empty_trash"] = "empty_trash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Clean:
    """Move finished sessions that have nothing of their own to the trash.

    Attributes:
        days: least time since anything happened to them; None takes the setting.
        dry_run: only say which.
    """

    key: str
    days: float | None = None
    dry_run: bool = False
    type: Literal["clean"] = "clean"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """Give the session another display name."""

    key: str
    session: str
    name: str
    type: Literal["rename"] = "rename"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """Pin the session to the top, or let it go."""

    key: str
    session: str
    pinned: bool = True
    type: Literal["pin"] = "pin"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkSeen:
    """A person looked at the session's latest result."""

    session: str
    type: Literal["seen"] = "seen"


KeepingRequest = (
    Delete | CancelDelete | Restore | ListTrash | EmptyTrash | Clean | Rename | Pin | MarkSeen
)
