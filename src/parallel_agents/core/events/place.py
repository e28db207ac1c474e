"""Where a session works: made, set up, missing, changed."""

from dataclasses import dataclass, field
from typing import Literal

from parallel_agents.core.options import JsonObject

Step = Literal["set-up", "teardown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorktreeReady:
    """The session's worktree stands.

    Attributes:
        record: the manager's own record of it.
        setup: whether the repository's set-up commands are still to be run in it.
    """

    path: str
    root: str
    branch: str
    base: str
    base_commit: str
    notes: tuple[str, ...] = ()
    record: JsonObject = field(default_factory=dict)
    setup: bool = False
    type: Literal["worktree_ready"] = "worktree_ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupFailed:
    """The worktree could not be made, or set up; the prompt and what was made are kept."""

    message: str
    hint: str = ""
    type: Literal["setup_failed"] = "setup_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupRetried:
    """A person asked to make the worktree again."""

    type: Literal["setup_retried"] = "setup_retried"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortsAssigned:
    """The session has a range of TCP ports to itself, among our sessions."""

    first: int
    count: int
    type: Literal["ports_assigned"] = "ports_assigned"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A set-up or teardown command of the repository is run in the worktree."""

    step: Step
    command: str
    type: Literal["step_started"] = "step_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutput:
    """More of what the command that runs has printed, on either stream."""

    text: str
    type: Literal["step_output"] = "step_output"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEnded:
    """The command has ended.

    Attributes:
        code: its exit status; 128 and the signal's number when it was ended by one.
        reason: why we ended it; empty when it ended by itself.
    """

    step: Step
    code: int
    reason: str = ""
    type: Literal["step_ended"] = "step_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupDone:
    """Every set-up command has succeeded."""

    type: Literal["setup_done"] = "setup_done"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorktreeMissing:
    """The worktree is gone, or another directory stands in its place."""

    reason: str
    type: Literal["worktree_missing"] = "worktree_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesCounted:
    """Size of the session's diff against its base."""

    files: int
    insertions: int
    deletions: int
    type: Literal["changes_counted"] = "changes_counted"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadMoved:
    """Another branch is checked out in the worktree, or none; fields as of `Standing`."""

    branch: str
    commit: str = ""
    unfinished: str = ""
    type: Literal["head_moved"] = "head_moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class MainCheckoutChanged:
    """The user's own checkout changed while this session's turn ran."""

    detail: str
    type: Literal["main_checkout_changed"] = "main_checkout_changed"


PlaceEvent = (
    WorktreeReady
    | SetupFailed
    | SetupRetried
    | PortsAssigned
    | StepStarted
    | StepOutput
    | StepEnded
    | SetupDone
    | WorktreeMissing
    | ChangesCounted
    | HeadMoved
    | MainCheckoutChanged
)
