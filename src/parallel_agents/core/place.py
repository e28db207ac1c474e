"""What is known of the place where one session works, and of the changes in it.

Keep true: only facts are stored, bounded in size, as for the rest of `state.SessionState`.
"""

from typing import Literal

from msgspec import field

from parallel_agents.core.errors import WorktreeError
from parallel_agents.core.events import (
    ChangeRejected,
    ChangesSeen,
    FileViewed,
    TreeRecorded,
    WorktreeReady,
)
from parallel_agents.core.facts import Problem
from parallel_agents.core.kinds import Kind, PlaceTraits, traits_of
from parallel_agents.core.value import Value
from parallel_agents.core.worktree import Standing, WorktreeRecord

REJECTIONS = 100
"""How many rejected changes a session remembers, to put them back one after the other."""

VIEWED = 300
"""How many marks of viewed files a session keeps."""


class Rejection(Value):
    """A change that a person took out of the worktree, and that can be put back.

    Attributes:
        moving: which way the files are being moved; empty when they are where they belong.
        told: whether the agent was told.
        undo: uuid of the request to put it back; empty before.
    """

    change: ChangeRejected
    moving: Literal["", "out", "back"] = "out"
    told: bool = False
    undo: str = ""


class Counts(Value):
    """Size of the diff against the base."""

    files: int = 0
    insertions: int = 0
    deletions: int = 0


class PlaceFacts(Value):
    """Where a session works: what was asked, what stands, what became of it.

    Attributes:
        kind: the kind of place.
        directory: where it was dispatched.
        base: what was asked as the base.
        adopted: the worktree of somebody else that it was given; empty when its own is made.
        creating: whether it is being made or set up.
        setup: why it could not be made or set up.
        setup_owed: whether the repository's set-up commands have not all succeeded yet.
        step: first line of the set-up or teardown command that runs.
        port: first of the session's own TCP ports; 0 when it has none.
        ports: how many those are.
        head: what is checked out in its worktree; None as long as that is its own branch.
        changes: size of its diff.
        trees: the worktree's files at the end of the last turn, and of the one before.
        seen: the files that a person has looked at last.
        viewed: the last `VIEWED` marks of files, one for each content of each.
        main_changed: how the person's own checkout changed beside its work; empty when it did not.
        rejected: how many changes a person has taken out, put back or not.
        rejections: the last `REJECTIONS` of them that are not put back, oldest first.
        undone: the one that was put back last.
        put_back: those of which the agent was told, and was not told yet that they are back.
    """

    kind: Kind = "worktree"
    directory: str = ""
    base: str = ""
    asked_branch: str | None = None
    branch_pattern: str = "worktree-{slug}"
    adopted: str = ""
    creating: bool = False
    worktree: WorktreeReady | None = None
    missing: str = ""
    setup: Problem | None = None
    setup_owed: bool = False
    step: str = ""
    port: int = 0
    ports: int = 0
    head: Standing | None = None
    changes: Counts = field(default_factory=Counts)
    trees: tuple[TreeRecorded, ...] = ()
    seen: ChangesSeen | None = None
    viewed: tuple[FileViewed, ...] = ()
    main_changed: str = ""
    rejected: int = 0
    rejections: tuple[Rejection, ...] = ()
    undone: Rejection | None = None
    put_back: tuple[ChangeRejected, ...] = ()

    @property
    def traits(self) -> PlaceTraits:
        """What is fixed about its kind."""
        return traits_of(self.kind)

    @property
    def branch(self) -> str | None:
        """Short name of the branch that is checked out; None when none is, or is known yet."""
        if self.worktree is None:
            return self.asked_branch
        return (self.worktree.branch if self.head is None else self.head.branch) or None

    @property
    def standing(self) -> WorktreeReady:
        """Where the session works.

        Raises:
            WorktreeError: nothing was made for it yet.
        """
        if self.worktree is None:
            raise WorktreeError("This session has no worktree.", "Wait until it is made.")
        return self.worktree

    @property
    def record(self) -> WorktreeRecord:
        """The record of the place, for whoever works on it.

        Raises:
            WorktreeError: there is none yet, or this version cannot read it.
        """
        record = self.standing.record
        if record is None:
            raise WorktreeError(
                "The record of the worktree cannot be read.",
                "If a newer version wrote it, install that one.",
            )
        return record
