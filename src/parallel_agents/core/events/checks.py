"""Checks: commands of the repository that judge the files of a session."""

from typing import Literal

from parallel_agents.core.value import Tagged

CheckEnding = Literal["exited", "late", "stopped", "cut", "unable"]
"""How a check ended: by itself, at its deadline, when asked to, with its supervisor, or unrun."""


class ChecksAsked(Tagged, tag="checks_asked"):
    """Checks are to run, in this order.

    Attributes:
        names: which.
        by: who asked: a person, or the end of a turn.
    """

    names: tuple[str, ...]
    by: Literal["person", "turn"] = "person"


class ChecksStopped(Tagged, tag="checks_stopped"):
    """None of the checks that wait shall run, and the one that runs shall end.

    Attributes:
        reason: why, for people.
    """

    reason: str


class CheckStarted(Tagged, tag="check_started"):
    """A check runs in the worktree.

    Attributes:
        tree: name of the worktree's files just before; empty when it is not known.
    """

    name: str
    command: str
    tree: str = ""


class CheckOutput(Tagged, tag="check_output"):
    """The check that runs has printed more; the text itself is in a file of the session.

    Attributes:
        size: how many bytes it has printed so far.
    """

    name: str
    size: int


class CheckEnded(Tagged, tag="check_ended"):
    """A check has ended, or could not run.

    Attributes:
        code: its exit status; 128 and the signal's number when it was ended by one.
        reason: why it did not end by itself; empty when it did.
        ms: how long it ran, in milliseconds.
        ending: how it ended.
        tree: name of the worktree's files when it had ended; empty when it is not known.
        tail: the last lines of its output, raw.
    """

    name: str
    code: int
    reason: str = ""
    ms: int = 0
    ending: CheckEnding = "exited"
    tree: str = ""
    tail: str = ""


class TreeSeen(Tagged, tag="tree_seen"):
    """The worktree's files are no longer those of the last look; written only once a check ran.

    Attributes:
        tree: their name now.
    """

    tree: str


CheckEvent = ChecksAsked | ChecksStopped | CheckStarted | CheckOutput | CheckEnded | TreeSeen
