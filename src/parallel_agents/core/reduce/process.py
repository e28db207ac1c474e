"""The fold over the agent's process."""

from typing import assert_never

from parallel_agents.core import events as ev
from parallel_agents.core.reduce.dialogue import is_new
from parallel_agents.core.state import DialogueFacts, ProcessFacts
from parallel_agents.core.value import replace

ProcessConcern = (
    ev.RunStarted | ev.RunReady | ev.RunEnded | ev.StopRequested | ev.MessageQueued | ev.TurnStarted
)
"""The events that change it."""


def fold_process(
    process: ProcessFacts, event: ProcessConcern, record: ev.Record, dialogue: DialogueFacts
) -> ProcessFacts:
    """Fold what becomes of the agent's process.

    Args:
        process: the facts before it.
        event: what happened.
        record: how it is journalled.
        dialogue: the facts of the dialogue before it.

    Returns:
        The facts after it.
    """
    match event:
        case ev.RunStarted():
            return replace(
                process, run=event.run, liveness="starting", stopped=None, stopping=False, pid=None
            )
        case ev.RunReady():
            return replace(
                process,
                liveness="alive",
                pid=event.pid,
                version=event.version or process.version,
                commands=event.commands or process.commands,
                models=event.models or process.models,
            )
        case ev.RunEnded():
            return _ended(process, event, record)
        case ev.StopRequested():
            return replace(process, stopped=event.reason, stopping=process.is_there)
        case ev.MessageQueued():
            return replace(process, stopped=None) if is_new(dialogue, event) else process
        case ev.TurnStarted():
            return replace(process, version=event.version or process.version)
        case _:
            assert_never(event)


def _ended(process: ProcessFacts, event: ev.RunEnded, record: ev.Record) -> ProcessFacts:
    if event.run != process.run:
        return process
    return replace(
        process,
        liveness="none",
        pid=None,
        stopping=False,
        stopped=process.stopped if is_asked(process, event) else None,
        ended_at=record.at,
    )


def is_asked(process: ProcessFacts, event: ev.RunEnded) -> bool:
    """Whether the end of a process was asked for.

    Args:
        process: the facts before it.
        event: the end.
    """
    return event.asked or process.stopping
