"""Where a session works: made, set up, missing, changed."""

from typing import Literal

from parallel_agents.core.taken_out import TakenSpan
from parallel_agents.core.value import Tagged
from parallel_agents.core.worktree import DiffPart, WorktreeRecord

Step = Literal["set-up", "teardown"]


class WorktreeReady(Tagged, tag="worktree_ready"):
    """The session's worktree stands.

    Attributes:
        record: the manager's own record of it; None when the journal has none that can be read.
        setup: whether the repository's set-up commands are still to be run in it.
    """

    path: str
    root: str
    branch: str
    base: str
    base_commit: str
    notes: tuple[str, ...] = ()
    record: WorktreeRecord | None = None
    setup: bool = False


class SetupFailed(Tagged, tag="setup_failed"):
    """The worktree could not be made, or set up; the prompt and what was made are kept."""

    message: str
    hint: str = ""


class SetupRetried(Tagged, tag="setup_retried"):
    """A person asked to make the worktree again."""


class PortsAssigned(Tagged, tag="ports_assigned"):
    """The session has a range of TCP ports to itself, among our sessions."""

    first: int
    count: int


class StepStarted(Tagged, tag="step_started"):
    """A set-up or teardown command of the repository is run in the worktree."""

    step: Step
    command: str


class StepOutput(Tagged, tag="step_output"):
    """More of what the command that runs has printed, on either stream."""

    text: str


class StepEnded(Tagged, tag="step_ended"):
    """The command has ended.

    Attributes:
        code: its exit status; 128 and the signal's number when it was ended by one.
        reason: why we ended it; empty when it ended by itself.
    """

    step: Step
    code: int
    reason: str = ""


class SetupDone(Tagged, tag="setup_done"):
    """Every set-up command has succeeded."""


class WorktreeMissing(Tagged, tag="worktree_missing"):
    """The worktree is gone, or another directory stands in its place."""

    reason: str


class ChangesCounted(Tagged, tag="changes_counted"):
    """Size of the session's diff against its base."""

    files: int
    insertions: int
    deletions: int


class TreeRecorded(Tagged, tag="tree_recorded"):
    """The files of the worktree were written as a tree, soon after a turn ended.

    Attributes:
        turn: which turn of the session's, counted from 1.
        parts: the trees, and what each was compared with at that time.
    """

    turn: int
    parts: tuple[DiffPart, ...] = ()


class ChangeRejected(Tagged, tag="change_rejected"):
    """A person takes a change out of the worktree; what was there is kept, nothing is moved yet.

    Attributes:
        number: counted from 1 for each session; it names the directory of what is kept.
        path: the file, from the top of the worktree.
        old_path: its name before; empty when it was not renamed.
        spans: the lines taken out; none when it is the whole file.
        blob: hash of the file's content in the newer tree; empty when it is not there.
        old_blob: the same of the older tree.
        insertions: lines of the change that are taken out.
        deletions: lines that are put back.
        request: uuid of the request.
    """

    number: int
    path: str
    old_path: str = ""
    spans: tuple[TakenSpan, ...] = ()
    blob: str = ""
    old_blob: str = ""
    insertions: int = 0
    deletions: int = 0
    request: str = ""


class RejectionUndone(Tagged, tag="rejection_undone"):
    """A person puts a rejected change back; nothing is moved yet.

    Attributes:
        number: which one.
        request: uuid of the request.
    """

    number: int
    request: str = ""


class RejectionSettled(Tagged, tag="rejection_settled"):
    """The worktree is as the last rejection, or the undoing of it, wanted it; or it is untouched.

    Attributes:
        number: which rejection.
        refused: why nothing was moved; empty when it was.
    """

    number: int
    refused: str = ""


class ChangesSeen(Tagged, tag="changes_seen"):
    """A person has looked at all of the session's work.

    Attributes:
        parts: the trees that were shown, and what each was compared with.
    """

    parts: tuple[DiffPart, ...] = ()


class FileViewed(Tagged, tag="file_viewed"):
    """A person has marked a file as viewed, or taken the mark back.

    Attributes:
        path: its name in the worktree.
        blob: hash of its content; of a file that is gone, of what it was.
        gone: whether it was deleted.
        viewed: whether it is marked from now on.
    """

    path: str
    blob: str
    gone: bool = False
    viewed: bool = True


class HeadMoved(Tagged, tag="head_moved"):
    """Another branch is checked out in the worktree, or none; fields as of `Standing`."""

    branch: str
    commit: str = ""
    unfinished: str = ""


class MainCheckoutChanged(Tagged, tag="main_checkout_changed"):
    """The user's own checkout changed while this session's turn ran."""

    detail: str


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
    | TreeRecorded
    | ChangeRejected
    | RejectionUndone
    | RejectionSettled
    | ChangesSeen
    | FileViewed
    | HeadMoved
    | MainCheckoutChanged
)
