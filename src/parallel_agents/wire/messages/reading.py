"""What is read of supervisor and sessions; nothing changes."""

from dataclasses import dataclass
from typing import Literal

PAGE_LIMIT = 256 << 10
"""Longest page of a reply, in bytes of text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How the supervisor is: pid, version, sessions, socket."""

    type: Literal["status"] = "status"


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
class DiffStat:
    """Files changed against the base, with counts."""

    session: str
    type: Literal["diff_stat"] = "diff_stat"


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffText:
    """A page of the unified diff: of one file, or of all of them with `path` None.

    Attributes:
        offset: characters to skip.
        exact: as `git apply` needs it, with the content of binary files.
        digest: from the page before; a patch that is another one by now begins anew.
    """

    session: str
    path: str | None = None
    offset: int = 0
    exact: bool = False
    digest: str = ""
    type: Literal["diff_text"] = "diff_text"


ReadingRequest = (
    Status
    | ListSessions
    | Show
    | Explain
    | Info
    | ReadRecords
    | Wait
    | WaitRecords
    | PendingInput
    | DiffStat
    | DiffText
)
