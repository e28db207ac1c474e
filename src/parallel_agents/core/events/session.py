"""A session as a person has it: dispatched, named, kept, deleted, restored."""

from dataclasses import dataclass, field
from typing import Literal

from parallel_agents.core.events.place import WorktreeReady
from parallel_agents.core.options import Options
from parallel_agents.core.worktree import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCreated:
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
    type: Literal["session_created"] = "session_created"


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """A person gave the session another name."""

    name: str
    type: Literal["renamed"] = "renamed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """A person pinned the session, or let it go."""

    pinned: bool
    type: Literal["pinned"] = "pinned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A person looked at the session's latest result."""

    type: Literal["seen"] = "seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionsChanged:
    """A person changed the options; they hold from the next call or start on."""

    options: Options
    type: Literal["options_changed"] = "options_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRequested:
    """A person, or the rule that cleans up, asked to delete the session once its process is gone.

    Attributes:
        by: `person` or `clean`.
        note: why, when nobody asked for it just now.
    """

    by: str = "person"
    note: str = ""
    type: Literal["delete_requested"] = "delete_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteCancelled:
    """The deletion was undone before it happened, or was refused."""

    reason: str = ""
    type: Literal["delete_cancelled"] = "delete_cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """Worktree and branch are in the trash."""

    saved: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    type: Literal["deleted"] = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """The session came back from the trash."""

    worktree: WorktreeReady | None = None
    type: Literal["restored"] = "restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something worth saying in the transcript that is nobody's message."""

    text: str
    level: Literal["info", "warning", "alarm"] = "info"
    type: Literal["notice"] = "notice"


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalDamaged:
    """Records of the session's journal cannot be read; they are left out, and kept in the file.

    Attributes:
        records: how many are known by now.
    """

    records: int
    type: Literal["journal_damaged"] = "journal_damaged"


SessionEvent = (
    SessionCreated
    | Renamed
    | Pinned
    | Seen
    | OptionsChanged
    | DeleteRequested
    | DeleteCancelled
    | Deleted
    | Restored
    | Notice
    | JournalDamaged
)
