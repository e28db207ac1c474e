"""A session as a person has it: dispatched, named, kept, deleted, restored."""

from typing import Literal

from msgspec import field

from parallel_agents.core.events.place import WorktreeReady
from parallel_agents.core.kinds import Kind
from parallel_agents.core.options import Options
from parallel_agents.core.value import Tagged


class SessionCreated(Tagged, tag="session_created"):
    """A person dispatched a session; nothing has been made yet.

    Without a `branch`, its name is made by `pattern` from the worktree's slug.
    """

    id: str
    request: str
    name: str
    prompt: str
    agent: str
    directory: str
    base: str
    branch: str | None = None
    pattern: str = "worktree-{slug}"
    options: Options = field(default_factory=Options)
    by: str = "person"
    adopted: str = ""
    place: Kind = "worktree"


class Renamed(Tagged, tag="renamed"):
    """A person gave the session another name."""

    name: str


class Pinned(Tagged, tag="pinned"):
    """A person pinned the session, or let it go."""

    pinned: bool


class Archived(Tagged, tag="archived"):
    """A person put the session out of the list, or took it back."""

    archived: bool = True


class Snoozed(Tagged, tag="snoozed"):
    """A person put the session out of the way for some time, or the time is over.

    Attributes:
        until: milliseconds since 1970; 0 if it is over.
    """

    until: int = 0


class Seen(Tagged, tag="seen"):
    """A person looked at the session's latest result."""


class OptionsChanged(Tagged, tag="options_changed"):
    """A person changed the options; they hold from the next call or start on."""

    options: Options


class DeleteRequested(Tagged, tag="delete_requested"):
    """A person, or the rule that cleans up, asked to delete the session once its process is gone.

    Attributes:
        by: `person` or `clean`.
        note: why, when nobody asked for it just now.
    """

    by: str = "person"
    note: str = ""


class DeleteCancelled(Tagged, tag="delete_cancelled"):
    """The deletion was undone before it happened, or was refused."""

    reason: str = ""


class Deleted(Tagged, tag="deleted"):
    """Worktree and branch are in the trash."""

    saved: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Restored(Tagged, tag="restored"):
    """The session came back from the trash."""

    worktree: WorktreeReady | None = None


class Notice(Tagged, tag="notice"):
    """Something worth saying in the transcript that is nobody's message."""

    text: str
    level: Literal["info", "warning", "alarm"] = "info"


class JournalDamaged(Tagged, tag="journal_damaged"):
    """Records of the session's journal cannot be read; they are left out, and kept in the file.

    Attributes:
        records: how many are known by now.
    """

    records: int


SessionEvent = (
    SessionCreated
    | Renamed
    | Pinned
    | Archived
    | Snoozed
    | Seen
    | OptionsChanged
    | DeleteRequested
    | DeleteCancelled
    | Deleted
    | Restored
    | Notice
    | JournalDamaged
)
