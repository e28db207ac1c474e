"""Everything a client may ask of the supervisor, as one closed list.

Keep true: the standard library only (a command-line verb must not pay for pydantic); every
request that changes something carries `key`, a uuid made by the client: the same key again gets
the first answer. Replies are JSON objects described in `docs/protocol.md`.
"""

from dataclasses import dataclass, field
from typing import Literal

from parallel_agents.core.options import Decision, Options

PROTOCOL_VERSION = 1
"""Version of the wire; both ends must name the same."""

FRAME_LIMIT = 64 << 20
"""Longest frame on the socket in bytes: one agent line (16 MiB) with every character escaped."""

PAGE_LIMIT = 256 << 10
"""Longest page of a reply, in bytes of text."""

PUSH_LIMIT = 4 << 20
"""Unread pushes a client may owe, in bytes, before it is resynchronised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """First frame of every connection."""

    protocol: int = PROTOCOL_VERSION
    version: str = ""
    type: Literal["hello"] = "hello"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How the supervisor is: pid, version, sessions, socket."""

    type: Literal["status"] = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shutdown:
    """End the supervisor; with `keep_sessions`, leave the agents working."""

    keep_sessions: bool = False
    type: Literal["shutdown"] = "shutdown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """Push every session's state now, and every record from then on."""

    type: Literal["subscribe"] = "subscribe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """Also push partial text of this session; replaces what was followed; None follows none."""

    session: str | None
    type: Literal["follow"] = "follow"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSessions:
    """The rows of `ls --json`; `every` adds sessions done for more than a day."""

    every: bool = False
    directory: str | None = None
    state: str | None = None
    type: Literal["list"] = "list"


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """One row of `ls --json`."""

    session: str
    type: Literal["show"] = "show"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explain:
    """Facts and evidence behind a session's state."""

    session: str
    type: Literal["explain"] = "explain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Info:
    """Process, what deleting would save, and the commands that land the work."""

    session: str
    type: Literal["info"] = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskUse:
    """How much disk the session's worktree takes; answered after seconds when it is large."""

    session: str
    type: Literal["disk_use"] = "disk_use"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRecords:
    """A page of the journal: the newest records before `before`, or those after `after`.

    Attributes:
        before: exclusive upper bound of `seq`; None for the end of the journal.
        after: exclusive lower bound; when given, the page starts there and goes up.
        limit: how many at most.
    """

    session: str
    before: int | None = None
    after: int | None = None
    limit: int = 500
    type: Literal["records"] = "records"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Answer once the session is in one of these states, or cannot get there.

    Attributes:
        timeout: seconds; None waits for ever.
    """

    session: str
    states: tuple[str, ...]
    timeout: float | None = None
    type: Literal["wait"] = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitRecords:
    """Answer once the journal has records after `after`, or time is up (seconds)."""

    session: str
    after: int
    timeout: float = 60.0
    type: Literal["wait_records"] = "wait_records"


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingInput:
    """The input of a pending request, with its digest; None for the only one."""

    session: str
    request: str | None = None
    type: Literal["pending_input"] = "pending_input"


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """Dispatch a session.

    Attributes:
        key: uuid of this request; the session's id comes from it.
        directory: absolute path inside the repository.
        base: `fresh`, `head`, a pull request, any ref; empty for `branch` itself when that exists,
            else for the one in the settings.
        agent: its name; empty for the one in the settings.
        environment: the caller's environment, for the agent's process.
        wait_ready: answer only when the agent is ready or set-up failed.
    """

    key: str
    prompt: str
    directory: str
    name: str | None = None
    base: str = ""
    branch: str | None = None
    agent: str = ""
    options: Options = field(default_factory=Options)
    environment: dict[str, str] = field(default_factory=dict)
    wait_ready: bool = False
    type: Literal["new"] = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """A message for the agent; wakes a process that is gone. `key` is the message's uuid."""

    key: str
    session: str
    text: str
    type: Literal["send"] = "send"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Decide a request.

    Attributes:
        request: its id; None when exactly one is pending.
        digest: digest of the input that was shown; None only from the command line, which
            shows nothing and takes the pending one.
    """

    key: str
    session: str
    decision: Decision
    request: str | None = None
    digest: str | None = None
    type: Literal["answer"] = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupt:
    """End the running turn."""

    key: str
    session: str
    type: Literal["interrupt"] = "interrupt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """End the process; answers when it is gone, or at once with `wait` off."""

    key: str
    session: str
    wait: bool = True
    type: Literal["stop"] = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Respawn:
    """Start the process again, same conversation; retries a failed set-up too."""

    key: str
    session: str
    environment: dict[str, str] | None = None
    type: Literal["respawn"] = "respawn"


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
    """Bring a session back from the trash."""

    key: str
    session: str
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
class OwnWork:
    """What only the session's worktree has: what a deletion would have to save."""

    session: str
    type: Literal["own_work"] = "own_work"


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
class Adopt:
    """Make a session of a worktree that somebody else made; fields as of `New`.

    Attributes:
        directory: absolute path of the worktree's top.
        prompt: what to do; empty for nothing yet.
        base: what its work is compared with; `head` is that of the main worktree.
    """

    key: str
    directory: str
    prompt: str = ""
    name: str | None = None
    base: str = "head"
    agent: str = ""
    options: Options = field(default_factory=Options)
    environment: dict[str, str] = field(default_factory=dict)
    type: Literal["adopt"] = "adopt"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SetOptions:
    """Change mode, model or effort; None leaves one as it is."""

    key: str
    session: str
    mode: str | None = None
    model: str | None = None
    effort: str | None = None
    type: Literal["set_options"] = "set_options"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachBegin:
    """Give the conversation to the person's terminal: argument list, directory, environment."""

    key: str
    session: str
    type: Literal["attach_begin"] = "attach_begin"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachEnd:
    """Take the conversation back from the person's terminal."""

    key: str
    session: str
    type: Literal["attach_end"] = "attach_end"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffStat:
    """Files changed against the base, with counts."""

    session: str
    type: Literal["diff_stat"] = "diff_stat"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffText:
    """A page of the unified diff: of one file, or of all of them with `path` None.

    Attributes:
        offset: characters to skip.
    """

    session: str
    path: str | None = None
    offset: int = 0
    type: Literal["diff_text"] = "diff_text"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveRepository:
    """What repository a directory belongs to, and whether it is trusted.

    Attributes:
        session: ask about what this session would load now, instead of a directory.
        base: as of `New`.
        branch: as of `New`; an existing one is worked on when no base is named.
        environment: the caller's, to say which agents are installed.
    """

    directory: str = ""
    session: str | None = None
    base: str = ""
    branch: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    type: Literal["resolve_repository"] = "resolve_repository"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Trust a repository's executable configuration, as it was shown.

    Attributes:
        digest: what was shown; None trusts what is there now (command line, which names it).
        session: trust what this session's worktree would load now, instead of a directory's.
    """

    key: str
    directory: str = ""
    session: str | None = None
    base: str = "head"
    digest: str | None = None
    type: Literal["trust"] = "trust"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRefs:
    """What begins with `prefix`: branches, tags and known pull requests, for a base.

    Attributes:
        kind: `branch` lists only what can be worked on as it is, by its local name.
    """

    directory: str
    prefix: str = ""
    kind: Literal["base", "branch"] = "base"
    type: Literal["list_refs"] = "list_refs"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFiles:
    """Files of a session's worktree, or of a directory, whose path contains `prefix`."""

    prefix: str = ""
    session: str | None = None
    directory: str | None = None
    type: Literal["list_files"] = "list_files"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconcile:
    """Compare our records with what git and the disk say.

    Attributes:
        directory: look at this one's repository, too, though it has no sessions.
    """

    directory: str = ""
    type: Literal["reconcile"] = "reconcile"


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeScratchRepository:
    """Make a small repository under the state directory, for the demo."""

    key: str
    type: Literal["make_scratch"] = "make_scratch"


Request = (
    Hello
    | Status
    | Shutdown
    | Subscribe
    | Follow
    | ListSessions
    | Show
    | Explain
    | Info
    | DiskUse
    | ReadRecords
    | Wait
    | WaitRecords
    | PendingInput
    | New
    | Send
    | Answer
    | Interrupt
    | Stop
    | Respawn
    | Delete
    | CancelDelete
    | Restore
    | ListTrash
    | EmptyTrash
    | OwnWork
    | Clean
    | Adopt
    | Rename
    | Pin
    | MarkSeen
    | SetOptions
    | AttachBegin
    | AttachEnd
    | DiffStat
    | DiffText
    | ResolveRepository
    | Trust
    | ListRefs
    | ListFiles
    | Reconcile
    | MakeScratchRepository
)
"""The closed list of requests."""

READ_ONLY = (
    Hello,
    Status,
    Subscribe,
    Follow,
    ListSessions,
    Show,
    Explain,
    Info,
    DiskUse,
    ReadRecords,
    Wait,
    WaitRecords,
    PendingInput,
    DiffStat,
    DiffText,
    OwnWork,
)
"""What a process that descends from an agent may ask; everything else is refused."""
