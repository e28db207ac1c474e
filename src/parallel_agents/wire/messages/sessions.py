"""What is asked of one session, or of all of them, as a person has them."""

from typing import Literal

from msgspec import field

from parallel_agents.core.state import Counts
from parallel_agents.core.value import Value
from parallel_agents.wire.request import Request


class PendingRequest(Value):
    """A request of the agent that waits for a person.

    Attributes:
        digest: of its input; a decision names it.
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
        cwd: where it works, or where it was asked for.
        started_at: milliseconds since 1970, as `updated_at`.
        state: blocked, working, done, idle, stopped or failed.
        status: busy, idle or waiting; None while no process lives, as `pid`.
        waiting_for: what the first pending request waits for; None when there is none.
        session_id: uuid of the conversation.
        repo: the repository's root; None before there is a worktree, as `worktree`.
        head: what is checked out instead of the branch; None when nothing else is.
        damaged_records: how many records of its journal cannot be read.
        cost_usd: in US dollars.
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


class SessionList(Value):
    """Several sessions, in no particular order."""

    sessions: tuple[SessionRow, ...]


class ListSessions(Request[SessionList], tag="list"):
    """The rows of `ls --json`; `every` adds sessions done for more than a day."""

    every: bool = False
    directory: str | None = None
    state: str | None = None


class Show(Request[SessionRow], tag="show"):
    """One row of `ls --json`."""

    session: str


class FactEvidence(Value):
    """The record that made a fact what it is; `seq` 0 when there is none.

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
    """Why a session is shown as it is.

    Attributes:
        shown: the state in the words of the screen.
        facts: by name, in plain words.
    """

    session: SessionRow
    state: str
    shown: str
    detail: str
    facts: dict[str, bool | int | float | str | None]
    evidence: tuple[FactEvidence, ...]


class Explain(Request[Explanation], tag="explain"):
    """Facts and evidence behind a session's state."""

    session: str


class Tokens(Value):
    """Tokens read, cache included, and written so far."""

    input: int = 0
    output: int = 0


class ContextUse(Value):
    """Tokens of the model's context: used by the last call, and in all; 0 when not known."""

    used: int = 0
    window: int = 0


class ProcessUse(Value):
    """What the agent's process and its children take now."""

    pid: int
    memory_bytes: int
    cpu_seconds: float
    processes: int


class PortRange(Value):
    """The session's own TCP ports."""

    first: int
    count: int


class SessionInfo(Value):
    """What the Info tab shows beside the row.

    Attributes:
        conversation: uuid of the conversation.
        process: None while there is none.
        why: the state in words.
        rules: what the person allowed for this session.
        step: first line of the set-up command that runs.
        linked: directories that are links into the checkout.
        sparse: the directories that are checked out; empty for all.
        stranger: the base is a pull request.
        own_branch: the branch was made for the session.
        land: commands that bring the work into the checkout; or `land_note` says why not now.
        protection: what only this session has, one phrase each.
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
    """Process, what deleting would save, and the commands that land the work."""

    session: str


class WorktreeSize(Value):
    """How much disk a worktree takes.

    Attributes:
        bytes: None when there is no worktree.
        ignored_bytes: how many of them git ignores; None when git does not say.
        complete: the count was not cut off.
    """

    bytes: int | None = None
    ignored_bytes: int | None = None
    complete: bool = True


class DiskUse(Request[WorktreeSize], tag="disk_use"):
    """How much disk the session's worktree takes; answered after seconds when it is large."""

    session: str


class Waited(Value):
    """The session as it is now, and whether it is in a state that was waited for."""

    session: SessionRow
    reached: bool


class Wait(Request[Waited], tag="wait"):
    """Answer once the session is in one of these states, or cannot get there.

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
    """Pin the session to the top, or let it go."""

    key: str
    session: str
    pinned: bool = True


class MarkSeen(Request[SessionRow], tag="seen"):
    """A person looked at the session's latest result."""

    session: str
