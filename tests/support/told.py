"""Tool uses and requests as claude's translator tells them."""

from __future__ import annotations

from typing import Any

from msgspec.structs import fields, replace

from parallel_agents.agents.claude import tools
from parallel_agents.core import events as ev
from parallel_agents.core.state import Request


def used(**told: Any) -> ev.ToolUsed:
    """A tool use."""
    event = ev.ToolUsed(**told)
    does = tools.tool_kind(event.name)
    return replace(event, summary=tools.summary(event.name, event.input), does=does)


def opened(**told: Any) -> ev.RequestOpened:
    """A request."""
    return tools.described(ev.RequestOpened(**told))


def pending(request: str, **told: Any) -> Request:
    """A request as a session's facts hold it."""
    event = opened(request=request, **told)
    known = {field.name for field in fields(Request)}
    values = {f.name: getattr(event, f.name) for f in fields(event) if f.name in known}
    return Request(id=request, asked_at=0, seq=1, **values)
