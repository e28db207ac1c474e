"""The fold over what becomes of a session as a person has it."""

from typing import assert_never

from parallel_agents.core import events as ev
from parallel_agents.core.state import SessionState
from parallel_agents.core.value import replace


def fold_session(state: SessionState, event: ev.SessionEvent, record: ev.Record) -> SessionState:
    """Fold what becomes of a session.

    Args:
        state: the facts before it.
        event: what happened.
        record: how it is journalled.

    Returns:
        The facts after it.
    """
    match event:
        case ev.SessionCreated():
            return _created(event, record)
        case ev.Renamed():
            return replace(state, name=event.name)
        case ev.Pinned():
            return replace(state, pinned=event.pinned)
        case ev.Seen():
            return replace(state, unread=False)
        case ev.OptionsChanged():
            changed = event.options.mode != state.options.mode
            mode = event.options.mode or "" if changed else state.mode
            return replace(state, options=event.options, mode=mode)
        case ev.DeleteRequested():
            return replace(state, deleting=True)
        case ev.DeleteCancelled():
            return replace(state, deleting=False)
        case ev.Deleted():
            return replace(state, deleting=False, deleted=True)
        case ev.Restored():
            worktree = event.worktree or state.worktree
            return replace(state, deleted=False, deleting=False, missing="", worktree=worktree)
        case ev.Notice():
            return state
        case ev.JournalDamaged():
            return replace(state, damaged=event.records)
        case _:
            assert_never(event)


def _created(event: ev.SessionCreated, record: ev.Record) -> SessionState:
    return SessionState(
        id=event.id,
        request=event.request,
        name=event.name,
        prompt=event.prompt,
        agent=event.agent,
        directory=event.directory,
        base=event.base,
        asked_branch=event.branch,
        branch_pattern=event.pattern,
        adopted=event.adopted,
        place=event.place,
        options=event.options,
        created_at=record.at,
        creating=True,
        conversation=event.request,
    )
