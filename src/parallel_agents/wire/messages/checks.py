"""What is asked of a session's checks."""

from parallel_agents.core.check_facts import CheckState
from parallel_agents.core.value import Value
from parallel_agents.wire.messages.sessions import SessionRow
from parallel_agents.wire.request import Request


class RunChecks(Request[SessionRow], tag="run_checks"):
    """Run checks one after the other, after those that wait; all of them without `names`."""

    key: str
    session: str
    names: tuple[str, ...] = ()


class StopChecks(Request[SessionRow], tag="stop_checks"):
    """End the check that runs, and start none of those that wait."""

    key: str
    session: str


class CheckRow(Value):
    """A check, with how it ended the last time.

    Attributes:
        command: for the shell; empty when the repository has the check no more.
        timeout: seconds that it may take.
        after_turn: whether it runs at the end of each turn that changed files.
        stale: whether the result is of other files than there are now.
        code: its exit status; None as long as it has no result.
        reason: why it did not end by itself; empty when it did.
        started_at: in milliseconds since 1970; 0 when it never ran.
        ms: how long it ran, in milliseconds.
        moved: whether files changed while it ran.
        tree: name of the files that it judged; empty when it is not known.
        tail: the last lines of its output, raw.
    """

    name: str
    command: str = ""
    timeout: float = 0.0
    after_turn: bool = False
    state: CheckState = "new"
    stale: bool = False
    code: int | None = None
    reason: str = ""
    started_at: int = 0
    ms: int = 0
    moved: bool = False
    tree: str = ""
    tail: str = ""


class CheckList(Value):
    """The checks of a session, in the order of the repository's settings.

    Attributes:
        problem: why none can run now, and what to do; empty when they can.
    """

    checks: tuple[CheckRow, ...]
    problem: str = ""


class ListChecks(Request[CheckList], tag="list_checks"):
    """Ask for the checks and their last results; looks whether the files have changed since."""

    session: str


class CheckOutputPage(Value):
    """A part of what a check has printed the last time.

    Attributes:
        text: raw, except that bytes that are not UTF-8 are replaced.
        start: position of its first byte, counted from the first that was printed.
        next: position after its last byte.
        size: how many bytes were printed so far; more than are kept, perhaps.
        ended: whether there will be no more.
    """

    text: str
    start: int
    next: int
    size: int
    ended: bool


class ReadCheckOutput(Request[CheckOutputPage], tag="check_output"):
    """Read the output of a check.

    Attributes:
        offset: position of the first byte wanted; negative for the last page.
    """

    session: str
    name: str
    offset: int = 0


class SendCheck(Request[SessionRow], tag="send_check"):
    """Tell the agent that a check has failed, with the end of its output.

    Attributes:
        key: uuid of the message.
        name: which check; empty for the one that failed last.
    """

    key: str
    session: str
    name: str = ""
