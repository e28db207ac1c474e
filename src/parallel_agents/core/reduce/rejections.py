"""The fold over the changes that a person took out of the worktree.

Keep true: a change is in the list from before the first file is moved until after the last one is
back; the agent is told of each once.
"""

from typing import assert_never

from parallel_agents.core import events as ev
from parallel_agents.core.place import REJECTIONS, PlaceFacts, Rejection
from parallel_agents.core.value import replace

RejectionConcern = ev.ChangeRejected | ev.RejectionUndone | ev.RejectionSettled | ev.MessageQueued
"""The events that change it."""


def fold_rejections(place: PlaceFacts, event: RejectionConcern) -> PlaceFacts:
    """Fold what becomes of rejected changes.

    Args:
        place: the facts before it.
        event: what happened.

    Returns:
        The facts after it.
    """
    match event:
        case ev.ChangeRejected(number=number):
            kept = (*place.rejections, Rejection(change=event))[-REJECTIONS:]
            return replace(place, rejected=max(place.rejected, number), rejections=kept)
        case ev.RejectionUndone(number=number, request=request):
            moved = tuple(
                replace(one, moving="back", undo=request) if one.change.number == number else one
                for one in place.rejections
            )
            return replace(place, rejections=moved)
        case ev.RejectionSettled():
            return _settled(place, event)
        case ev.MessageQueued(note=""):
            return place
        case ev.MessageQueued():
            told = tuple(replace(one, told=True) for one in place.rejections)
            return replace(place, rejections=told, put_back=())
        case _:
            assert_never(event)


def _settled(place: PlaceFacts, event: ev.RejectionSettled) -> PlaceFacts:
    """Keep what is out of the worktree, forget what is in it."""
    found = next((r for r in place.rejections if r.change.number == event.number), None)
    if found is None or not found.moving:
        return place
    is_out = (found.moving == "out") == (not event.refused)
    others = tuple(one for one in place.rejections if one is not found)
    if is_out:
        at_rest = replace(found, moving="")
        kept = tuple(at_rest if one is found else one for one in place.rejections)
        return replace(place, rejections=kept)
    if found.moving == "out":
        return replace(place, rejections=others)
    owed = (found.change,) if found.told else ()
    put_back = (*place.put_back, *owed)[-REJECTIONS:]
    return replace(place, rejections=others, undone=found, put_back=put_back)
