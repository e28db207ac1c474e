"""Which tools of an agent run right now, and whether one of them works on a file.

Keep true: a tool that waits for a person's decision does not run.
"""

import re
from collections.abc import Iterable, Iterator

from parallel_agents.core import events as ev
from parallel_agents.core.asking import ToolKind

_HARMLESS: frozenset[ToolKind] = frozenset({"read", "search", "fetch", "plan", "ask", "delegate"})


def tool_at_work(
    records: Iterable[ev.Record], waiting: Iterable[str], top: str, path: str
) -> ev.ToolUsed | None:
    """Find a running tool that may be writing a file.

    Args:
        records: those of the turn that runs.
        waiting: ids of the tool uses that wait for a decision.
        top: the worktree.
        path: the file, from its top.

    Returns:
        The tool use; None if no running tool names the file.
    """
    running: dict[str, ev.ToolUsed] = {}
    for record in records:
        match record.event:
            case ev.ToolUsed() as used if used.does not in _HARMLESS:
                running[used.id] = used
            case ev.ToolReturned(tool_use=tool_use):
                running.pop(tool_use, None)
            case _:
                pass
    for tool_use in waiting:
        running.pop(tool_use, None)
    named = _named(top, path)
    return next(
        (used for used in running.values() if any(map(named.search, _texts(used.input)))), None
    )


def _named(top: str, path: str) -> re.Pattern[str]:
    """Match a text that names a file, absolutely or from the top."""
    inside = rf"(?:\./|{re.escape(top)}/)?"
    return re.compile(rf"(?<![\w./-]){inside}{re.escape(path)}(?![\w/-]|\.\w)")


def _texts(value: object) -> Iterator[str]:
    """All texts in a tool's input, which may have any shape."""
    pending = [value]
    while pending:
        match pending.pop():
            case str() as text:
                yield text
            case dict() as fields:
                pending += fields.values()
            case list() as items:
                pending += items
            case _:
                pass
