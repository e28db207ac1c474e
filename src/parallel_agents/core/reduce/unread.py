"""Whether something has happened to a session that no person has seen."""

from typing import assert_never

from parallel_agents.core import events as ev
from parallel_agents.core.reduce.dialogue import began_earlier, is_new, told_before
from parallel_agents.core.reduce.process import is_asked
from parallel_agents.core.state import DialogueFacts, ProcessFacts

UnreadConcern = (
    ev.Seen
    | ev.MessageQueued
    | ev.RequestDecided
    | ev.SetupFailed
    | ev.WorktreeMissing
    | ev.TurnEnded
    | ev.RequestOpened
    | ev.MessageProgressed
    | ev.RunEnded
)
"""The events that change it."""


def fold_unread(
    event: UnreadConcern, process: ProcessFacts, dialogue: DialogueFacts, *, unread: bool
) -> bool:
    """Fold whether a person has yet to look.

    Args:
        event: what happened.
        process: the facts of the process before it.
        dialogue: the facts of the dialogue before it.
        unread: whether they had before it.

    Returns:
        Whether they have after it.
    """
    match event:
        case ev.Seen() | ev.RequestDecided():
            return False
        case ev.MessageQueued():
            return unread and not is_new(dialogue, event)
        case ev.SetupFailed() | ev.WorktreeMissing():
            return True
        case ev.TurnEnded():
            return unread or event.outcome != "interrupted"
        case ev.RequestOpened():
            before = told_before(dialogue, event)
            new = before is None or before.digest != event.digest
            return unread or (process.is_there and new)
        case ev.MessageProgressed():
            return unread or began_earlier(dialogue, event)
        case ev.RunEnded():
            ended = event.run == process.run
            return unread or (ended and not is_asked(process, event))
        case _:
            assert_never(event)
