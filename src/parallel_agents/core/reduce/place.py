"""The fold over the place where a session works."""

from parallel_agents.core import events as ev
from parallel_agents.core.facts import Problem
from parallel_agents.core.place import VIEWED, Counts, PlaceFacts
from parallel_agents.core.reduce.rejections import RejectionConcern, fold_rejections
from parallel_agents.core.summary import first_line
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import Standing

_Review = ev.ChangesSeen | ev.FileViewed
_Work = ev.ChangesCounted | ev.TreeRecorded | ev.HeadMoved | ev.MainCheckoutChanged
PlaceConcern = (
    ev.SessionCreated
    | ev.Restored
    | ev.WorktreeReady
    | ev.SetupFailed
    | ev.SetupRetried
    | ev.PortsAssigned
    | ev.StepStarted
    | ev.StepEnded
    | ev.SetupDone
    | ev.WorktreeMissing
    | _Work
    | RejectionConcern
    | _Review
)
"""The events that change it."""


def fold_place(place: PlaceFacts, event: PlaceConcern) -> PlaceFacts:
    """Fold what becomes of the place where a session works.

    Args:
        place: the facts before it.
        event: what happened.

    Returns:
        The facts after it.
    """
    match event:
        case ev.SessionCreated():
            return _asked(event)
        case ev.Restored():
            return replace(place, missing="", worktree=event.worktree or place.worktree)
        case ev.WorktreeReady():
            return _ready(place, event)
        case ev.SetupFailed():
            problem = Problem(message=event.message, hint=event.hint)
            return replace(place, creating=False, setup=problem, step="")
        case ev.SetupRetried():
            return replace(place, creating=True, setup=None)
        case ev.PortsAssigned():
            return replace(place, port=event.first, ports=event.count)
        case ev.StepStarted():
            return replace(place, step=first_line(event.command))
        case ev.StepEnded():
            return replace(place, step="")
        case ev.SetupDone():
            return replace(place, creating=False, setup_owed=False, step="")
        case ev.WorktreeMissing():
            return replace(place, missing=event.reason)
        case _:
            return _later(place, event)


def _asked(event: ev.SessionCreated) -> PlaceFacts:
    return PlaceFacts(
        kind=event.place,
        directory=event.directory,
        base=event.base,
        asked_branch=event.branch,
        branch_pattern=event.pattern,
        adopted=event.adopted,
        creating=True,
    )


def _ready(place: PlaceFacts, event: ev.WorktreeReady) -> PlaceFacts:
    """Note that the place is there; set-up that was owed before it was missing still is."""
    return replace(
        place,
        worktree=replace(event, setup=False),
        creating=event.setup,
        setup_owed=event.setup or place.setup_owed,
        setup=None,
        missing="",
        head=None,
    )


def _later(place: PlaceFacts, event: _Work | _Review | RejectionConcern) -> PlaceFacts:
    """Fold what happens in a place that stands."""
    match event:
        case ev.ChangesCounted() | ev.TreeRecorded() | ev.HeadMoved() | ev.MainCheckoutChanged():
            return _worked(place, event)
        case ev.ChangesSeen():
            return replace(place, seen=event)
        case ev.FileViewed():
            return replace(place, viewed=_marked(place.viewed, event))
        case _:
            return fold_rejections(place, event)


def _marked(marks: tuple[ev.FileViewed, ...], event: ev.FileViewed) -> tuple[ev.FileViewed, ...]:
    """Add a mark as the newest, or take it away."""
    mark = replace(event, viewed=True)
    others = tuple(other for other in marks if other != mark)
    return (*others, mark)[-VIEWED:] if event.viewed else others


def _worked(place: PlaceFacts, event: _Work) -> PlaceFacts:
    """What work has done to the worktree, or to the checkout beside it."""
    match event:
        case ev.ChangesCounted(files=files, insertions=insertions, deletions=deletions):
            counts = Counts(files=files, insertions=insertions, deletions=deletions)
            return replace(place, changes=counts)
        case ev.TreeRecorded():
            return replace(place, trees=(*place.trees, event)[-2:])
        case ev.HeadMoved(branch=branch, commit=commit, unfinished=unfinished):
            return replace(
                place, head=Standing(branch=branch, commit=commit, unfinished=unfinished)
            )
        case ev.MainCheckoutChanged():
            return replace(place, main_changed=event.detail)
