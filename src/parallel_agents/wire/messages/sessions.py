"""Requests that show one session or all of them, and the few that change how they are listed."""

from typing import Literal

from msgspec import field

from parallel_agents.core.place import Counts
from parallel_agents.core.value import Value
from parallel_agents.wire.request import Request


class PendingRequest(Value):
    """A request of the agent that waits for a person.

    Attributes:
        digest: digest of its input; a decision names it.
        asked_at: milliseconds since 1970.
    """

    request_id: str
    digest: str
    kind: str
    tool_name: str
    summary: str
    asked_at: int


class SessionRow(Value):
    """A session as scripts see it: one entry of `ls --json`. Text is raw.

    Attributes:
        cwd: where it works, or where it was requested.
        started_at: milliseconds since 1970; so are `updated_at` and `since`.
        since: when it got into its state.
        state: blocked, working, done, idle, stopped or failed.
        status: busy, idle or waiting; None while there is no process; so is `pid`.
        waiting_for: what the first pending request waits for; None if there is none.
        session_id: uuid of the conversation.
        repo: the repository's root; None before there is a worktree; so is `worktree`.
        head: what is checked out instead of the branch; None if the branch is.
        damaged_records: how many records of its journal cannot be read.
        cost_usd: cost in US dollars.
        archived: whether a person put it out of the list.
        snoozed_until: until when it is out of the way, in milliseconds since 1970; 0 for not.
    """

    id: str
    name: str
    cwd: str
    kind: Literal["background"]
    started_at: int
    updated_at: int
    state: str
    detail: str
    status: str | None
    pid: int | None
    waiting_for: str | None
    session_id: str
    agent: str
    repo: str | None
    worktree: str | None
    branch: str | None
    head: str | None
    base: str
    base_commit: str | None
    model: str | None
    mode: str | None
    unread: bool
    pinned: bool
    deleting: bool
    damaged_records: int
    cost_usd: float
    changes: Counts
    pending: tuple[PendingRequest, ...]
    since: int = 0
    archived: bool = False
    snoozed_until: int = 0


class SessionList(Value):
    """Several sessions, in no particular order."""

    sessions: tuple[SessionRow, ...]


class ListSessions(Request[SessionList], tag="list"):
    """List the rows of `ls --json`; `every` adds those archived or done over a day ago."""

    every: bool = False
    directory: str | None = None
    state: str | None = None


class Show(Request[SessionRow], tag="show"):
    """Ask for one row of `ls --json`."""

    session: str


class FactEvidence(Value):
    """The record that a fact comes from; `seq` is 0 if there is none.

    Attributes:
        at: milliseconds since 1970.
        line: the agent's own line, raw.
    """

    fact: str
    seq: int = 0
    at: int = 0
    event: str = "never"
    line: str = ""


class Explanation(Value):
    """Why a session is in its state.

    Attributes:
        shown: the state, in the words of the screen.
        facts: the values of the facts, by their names in plain words.
    """

    session: SessionRow
    state: str
    shown: str
    detail: str
    facts: dict[str, bool | int | float | str | None]
    evidence: tuple[FactEvidence, ...]


class Explain(Request[Explanation], tag="explain"):
    """Ask for the facts and evidence behind a session's state."""

    session: str


class Tokens(Value):
    """Tokens read (including from the cache) and written so far."""

    input: int = 0
    output: int = 0


class ContextUse(Value):
    """The model's context in tokens: used by the last call, and its size; 0 if unknown."""

    used: int = 0
    window: int = 0


class ProcessUse(Value):
    """The resources that the agent's process and its children use now."""

    pid: int
    memory_bytes: int
    cpu_seconds: float
    processes: int


class PortRange(Value):
    """The session's own TCP ports."""

    first: int
    count: int


class SessionInfo(Value):
    """What the Info tab shows in addition to the row.

    Attributes:
        conversation: uuid of the conversation.
        process: None while there is no process.
        why: the reasons for the state, in words.
        rules: what the person has allowed for this session.
        step: first line of the set-up command that is running.
        linked: directories that are links into the checkout.
        sparse: the directories that are checked out; empty if all are.
        stranger: whether the base is a pull request, and so untrusted.
        own_branch: whether the branch was made for the session.
        land: commands that land the work; if there are none, `land_note` says why.
        protection: the session's own work, one phrase each.
    """

    session: SessionRow
    effort: str | None = None
    version: str = ""
    conversation: str = ""
    turns: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    context: ContextUse = field(default_factory=ContextUse)
    process: ProcessUse | None = None
    why: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    port_range: PortRange | None = None
    step: str = ""
    setup_owed: bool = False
    linked: tuple[str, ...] = ()
    sparse: tuple[str, ...] = ()
    stranger: bool = False
    own_branch: bool = True
    land: tuple[str, ...] = ()
    land_note: str = ""
    protection: tuple[str, ...] = ()


class Info(Request[SessionInfo], tag="info"):
    """Ask for the process, what a deletion would save, and the commands that land the work."""

    session: str


class WorktreeSize(Value):
    """How much disk space a worktree takes.

    Attributes:
        bytes: None if there is no worktree.
        ignored_bytes: how many of them git ignores; None if git cannot tell.
        complete: whether everything was counted before the deadline.
    """

    bytes: int | None = None
    ignored_bytes: int | None = None
    complete: bool = True


class DiskUse(Request[WorktreeSize], tag="disk_use"):
    """Ask how much disk space the worktree takes; for a large one, this takes seconds."""

    session: str


class Waited(Value):
    """The session as it is now, and whether it reached one of the awaited states."""

    session: SessionRow
    reached: bool


class Wait(Request[Waited], tag="wait"):
    """Wait until the session is in one of these states, or cannot reach any of them.

    Attributes:
        timeout: seconds; None waits for ever.
    """

    session: str
    states: tuple[str, ...]
    timeout: float | None = None


class Rename(Request[SessionRow], tag="rename"):
    """Give the session another display name."""

    key: str
    session: str
    name: str


class Pin(Request[SessionRow], tag="pin"):
    """Pin the session to the top of the list, or unpin it."""

    key: str
    session: str
    pinned: bool = True


class Archive(Request[SessionRow], tag="archive"):
    """Put the session out of the list, or take it back; all of it is kept."""

    key: str
    session: str
    archived: bool = True


class Snooze(Request[SessionRow], tag="snooze"):
    """Put the session out of the way until a time, or until it needs the person.

    Attributes:
        until: milliseconds since 1970; 0 ends it now.
    """

    key: str
    session: str
    until: int = 0


class MarkSeen(Request[SessionRow], tag="seen"):
    """Record that a person has seen the session's latest result."""

    session: str
