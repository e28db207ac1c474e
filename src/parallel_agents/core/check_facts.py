"""What is known of the checks of a session: its part of the facts.

Keep true: bounded in size, whatever a check prints; a result names the files that it judged.
"""

import hashlib
from collections.abc import Sequence
from typing import Literal

from parallel_agents.core.events import CheckEnding
from parallel_agents.core.value import Value
from parallel_agents.core.worktree import DiffPart

CheckState = Literal[
    "new", "waiting", "running", "passed", "failed", "late", "stopped", "cut", "unable"
]
"""What a check does now, or how it ended the last time; `new` while it has not run."""

CHECKS = 20
"""How many checks a repository may have; a session keeps the last result of as many."""


def tree_name(parts: Sequence[DiffPart]) -> str:
    """Name all files of a worktree: equal names stand for equal files.

    Args:
        parts: the trees of the worktree and of its submodules.

    Returns:
        The hash of the only tree, or of all of them; empty without any.
    """
    if len(parts) < 2:
        return "".join(part.tree for part in parts)
    names = "".join(f"{part.tree} {part.prefix}\0" for part in parts)
    return hashlib.sha256(names.encode("utf-8", "surrogateescape")).hexdigest()


class CheckRun(Value):
    """A check that runs.

    Attributes:
        tree: name of the worktree's files just before; empty when it is not known.
        started_at: in milliseconds since 1970.
        size: how many bytes it has printed.
        asked: whether a person asked for it, not only the end of a turn.
    """

    name: str
    command: str
    tree: str
    started_at: int
    size: int = 0
    asked: bool = False


class CheckResult(Value):
    """How a check ended the last time; see `events.CheckEnded`.

    Attributes:
        tree: name of the files that it judged; empty when it is not known.
        started_at: in milliseconds since 1970.
        ms: how long it ran, in milliseconds.
        moved: whether files changed while it ran.
        tail: the last lines of its output, raw.
        asked: whether a person asked for it, not only the end of a turn.
    """

    name: str
    command: str
    tree: str
    code: int
    started_at: int
    ms: int = 0
    ending: CheckEnding = "exited"
    reason: str = ""
    moved: bool = False
    tail: str = ""
    asked: bool = False

    @property
    def passed(self) -> bool:
        """Whether the check found nothing wrong."""
        return self.state == "passed"

    @property
    def failed(self) -> bool:
        """Whether the check found something wrong, or took too long."""
        return self.state in {"failed", "late"}

    @property
    def state(self) -> CheckState:
        """How it ended, in one word."""
        if self.ending != "exited":
            return self.ending
        return "failed" if self.code else "passed"


class ChecksFacts(Value):
    """The checks of a session.

    Attributes:
        tree: name of the worktree's files, as last seen; empty while no check has run.
        waiting: names of those that are to run next, in order.
        asked: names of those of them that a person asked for.
        running: the one that runs.
        results: the last result of each, the newest at the end.
    """

    tree: str = ""
    waiting: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    running: CheckRun | None = None
    results: tuple[CheckResult, ...] = ()

    @property
    def busy(self) -> bool:
        """Whether one runs or waits."""
        return self.running is not None or bool(self.waiting)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all that run, wait or have a result."""
        running = () if self.running is None else (self.running.name,)
        ended = (result.name for result in self.results)
        return tuple(dict.fromkeys((*ended, *running, *self.waiting)))

    def result(self, name: str) -> CheckResult | None:
        """The last result of a check; None if it has not run."""
        return next((each for each in self.results if each.name == name), None)

    def is_stale(self, result: CheckResult) -> bool:
        """Whether a result is of other files than there are now."""
        return bool(result.tree) and result.tree != self.tree

    def state(self, name: str) -> CheckState:
        """What a check does now, or how it ended the last time."""
        if self.running is not None and self.running.name == name:
            return "running"
        if name in self.waiting:
            return "waiting"
        result = self.result(name)
        return "new" if result is None else result.state
