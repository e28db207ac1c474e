"""The fold over the place where a session works."""

from typing import assert_never

from parallel_agents.core import events as ev
from parallel_agents.core.state import Counts, Problem, SessionState
from parallel_agents.core.summary import first_line
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import Standing


def fold_place(state: SessionState, event: ev.PlaceEvent) -> SessionState:
    """Fold what becomes of the place where a session works.

    Args:
        state: the facts before it.
        event: what happened.

    Returns:
        The facts after it.
    """
    match event:
        case ev.WorktreeReady():
            return _ready(state, event)
        case ev.SetupFailed():
            problem = Problem(message=event.message, hint=event.hint)
            return replace(state, creating=False, setup=problem, step="", unread=True)
        case ev.SetupRetried():
            return replace(state, creating=True, setup=None)
        case ev.PortsAssigned():
            return replace(state, port=event.first, ports=event.count)
        case ev.StepStarted():
            return replace(state, step=first_line(event.command))
        case ev.StepOutput():
            return state
        case ev.StepEnded():
            return replace(state, step="")
        case ev.SetupDone():
            return replace(state, creating=False, setup_owed=False, step="")
        case ev.WorktreeMissing():
            return replace(state, missing=event.reason, unread=True)
        case ev.TreeRecorded():
            return replace(state, trees=(*state.trees, event)[-2:])
        case ev.ChangesCounted() | ev.HeadMoved() | ev.MainCheckoutChanged():
            return _worked(state, event)
        case _:
            assert_never(event)


def _ready(state: SessionState, event: ev.WorktreeReady) -> SessionState:
    """It stands; one that is seen again after it was missed owes what it owed before."""
    return replace(
        state,
        worktree=replace(event, setup=False),
        creating=event.setup,
        setup_owed=event.setup or state.setup_owed,
        setup=None,
        missing="",
        head=None,
    )


def _worked(
    state: SessionState, event: ev.ChangesCounted | ev.HeadMoved | ev.MainCheckoutChanged
) -> SessionState:
    """What work has done to the worktree, or to the checkout beside it."""
    match event:
        case ev.ChangesCounted(files=files, insertions=insertions, deletions=deletions):
            counts = Counts(files=files, insertions=insertions, deletions=deletions)
            return replace(state, changes=counts)
        case ev.HeadMoved(branch=branch, commit=commit, unfinished=unfinished):
            return replace(
                state, head=Standing(branch=branch, commit=commit, unfinished=unfinished)
            )
        case ev.MainCheckoutChanged():
            return replace(state, main_changed=event.detail)
