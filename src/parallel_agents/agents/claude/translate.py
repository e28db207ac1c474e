"""Translates a line of claude's stdout into events.

Keep true: pure (no clock, no I/O) and total: any bytes give events, never an exception. Every
request that needs an answer gives a `RequestOpened` or a `ControlRefused`; unknown lines are kept.
A translator's memory is limited by what is running now: the speakers, hidden tasks, the last error.
Its events of a turn depend on no line before the end of the previous turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, assert_never

from parallel_agents.agents.claude import actions, content, protocol, stream, tools, turns
from parallel_agents.agents.claude.lines import parse_line
from parallel_agents.core import events as ev
from parallel_agents.core.ids import digest

_PROGRESS: dict[str, ev.MessageProgress] = {
    "queued": "accepted",
    "started": "started",
    "completed": "completed",
    "cancelled": "cancelled",
}
Said = Sequence[ev.Event | ev.Delta]


class ClaudeTranslator:
    """Reads the lines of one process, in order."""

    def __init__(self) -> None:
        self._stream = stream.Stream()
        self._tasks = turns.Tasks()
        self._cwd = ""
        self._error: str | None = None
        self._compacted = False

    def translate(self, line: bytes) -> Said:
        """Translate one line; see `agents.base.Translator`."""
        message = parse_line(line)
        match message:
            case protocol.Unreadable():
                return (_kept("invalid", line),)
            case protocol.Unknown():
                return (_kept("unknown", line),)
            case protocol.CommandLifecycle() if message.state not in _PROGRESS:
                return (_kept("unknown", line),)
            case protocol.StreamEvent():
                return self._stream.deltas(message)
            case protocol.Quiet():
                return ()
            case (
                protocol.CanUseTool()
                | protocol.OtherRequest()
                | protocol.CancelRequest()
                | protocol.ControlResponse()
                | protocol.CommandLifecycle()
            ):
                return _dialogue(message)
            case protocol.Assistant() | protocol.User():
                return self._conversation(message)
            case (
                protocol.TaskStarted()
                | protocol.TaskProgress()
                | protocol.TaskUpdated()
                | protocol.TaskNotification()
                | protocol.BackgroundTasks()
            ):
                return self._tasks.news(message)
            case _:
                return self._turn(message)

    def _conversation(self, message: protocol.Assistant | protocol.User) -> Said:
        if isinstance(message, protocol.User):
            return tuple(content.heard(message, self._cwd))
        if message.local_command_source is not None and self._compacted:
            return ()  # after compacting, claude writes the output of earlier commands again
        if message.error is None or message.parent_tool_use_id:
            return tuple(content.said(message))
        self._error = message.error
        if message.message.model == turns.SYNTHETIC:
            return ()  # the text of the error, which the end of the turn repeats
        return tuple(content.said(message))

    def _turn(self, message: turns.TurnMessage) -> Said:
        match message:
            case protocol.Init():
                self._cwd = message.cwd or self._cwd
            case protocol.CompactBoundary():
                self._compacted = True
            case protocol.Result():
                self._compacted = False
                error, self._error = self._error, None
                context, self._stream.context = self._stream.context, 0
                return (turns.ended(message, error, context),)
            case _:
                pass
        return turns.news(message)


_Dialogue = (
    protocol.CanUseTool
    | protocol.OtherRequest
    | protocol.CancelRequest
    | protocol.ControlResponse
    | protocol.CommandLifecycle
)


def _dialogue(message: _Dialogue) -> Said:
    match message:
        case protocol.CanUseTool():
            return (_opened(message),)
        case protocol.OtherRequest():
            answer = actions.refusal(message.request_id, message.subtype)
            request, subtype = message.request_id, message.subtype
            return (ev.ControlRefused(request=request, subtype=subtype, answer=answer),)
        case protocol.CancelRequest():
            return (ev.RequestWithdrawn(request=message.request_id),)
        case protocol.ControlResponse():
            return _answered(message)
        case protocol.CommandLifecycle():
            progress = _PROGRESS[message.state]
            return (ev.MessageProgressed(uuid=message.command_uuid, progress=progress),)
        case _:
            assert_never(message)


def _opened(message: protocol.CanUseTool) -> ev.RequestOpened:
    return tools.described(
        ev.RequestOpened(
            request=message.request_id,
            kind=tools.request_kind(message.tool_name),
            tool_name=message.tool_name,
            input=message.input,
            digest=digest(message.input),
            tool_use=message.tool_use_id or "",
            subagent=message.agent_id or "",
            description=message.title or message.description or "",
            reason=message.decision_reason or message.blocked_path or "",
            suggestions=tuple(message.permission_suggestions),
        )
    )


def _answered(message: protocol.ControlResponse) -> Said:
    """Translate an answer; the one to `initialize` is recognised by its fields."""
    response = message.response
    if not message.ok or not {"pid", "commands", "models"} <= response.keys():
        answered = ev.ControlAnswered(
            request=message.request_id, ok=message.ok, error=message.error, response=response
        )
        mode = response.get("mode") if message.ok else None
        # The mode that is actually in effect, which may differ from the requested one.
        return (ev.ModeChanged(mode=mode), answered) if isinstance(mode, str) else (answered,)
    pid, version = response["pid"], response.get("claude_code_version")
    ready = ev.RunReady(
        run=0,
        pid=pid if isinstance(pid, int) else None,
        version=version if isinstance(version, str) else "",
        commands=_names(response["commands"], "name"),
        models=_names(response["models"], "value"),
    )
    return (ready, ev.ControlAnswered(request=message.request_id, ok=True))


def _names(entries: object, key: str) -> tuple[str, ...]:
    listed = entries if isinstance(entries, list) else []
    names = (entry.get(key) for entry in listed if isinstance(entry, dict))
    return tuple(name for name in names if isinstance(name, str))


def _kept(why: Literal["unknown", "invalid"], line: bytes) -> ev.LineKept:
    limit = content.KEPT
    return ev.LineKept(why=why, text=line[: limit * 4].decode("utf-8", "replace")[:limit])
