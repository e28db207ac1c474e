"""Translates messages about turns and background tasks into events.

Keep true: an interrupted turn is never an error; an error says what to run; a foreground shell
command is only a tool use, not a task as well.
"""

from __future__ import annotations

from typing import Literal, assert_never

from parallel_agents.agents.claude import advice, protocol, stream
from parallel_agents.agents.claude.content import cut
from parallel_agents.core import events as ev

SYNTHETIC = "<synthetic>"
"""The model named in messages that the program itself writes, such as error messages."""

TurnMessage = (
    protocol.Init
    | protocol.StateChanged
    | protocol.Status
    | protocol.ApiRetry
    | protocol.RateLimit
    | protocol.CompactBoundary
    | protocol.ConversationReset
    | protocol.PermissionDenied
    | protocol.Remark
    | protocol.Result
)
TaskMessage = (
    protocol.TaskStarted
    | protocol.TaskProgress
    | protocol.TaskUpdated
    | protocol.TaskNotification
    | protocol.BackgroundTasks
)

_ENDINGS = {
    "error_max_turns": "The agent reached the most turns it may take.",
    "error_max_budget_usd": "The agent reached the most it may cost.",
    "prompt_too_long": "The conversation no longer fits the model; /compact shortens it.",
}
_TASK_KINDS: dict[str, Literal["agent", "shell"]] = {
    "local_agent": "agent",
    "remote_agent": "agent",
    "local_workflow": "agent",
    "local_bash": "shell",
}


def news(message: TurnMessage) -> tuple[ev.Event, ...]:
    """Translate a message about the turn; a `Result` gives nothing here, see `ended`."""
    match message:
        case protocol.Init():
            return (_started(message),)
        case protocol.StateChanged():
            return (ev.AgentStateChanged(state=message.state),)
        case protocol.Status():
            return _status(message)
        case protocol.ApiRetry():
            return (_retrying(message),)
        case protocol.RateLimit():
            info = message.rate_limit_info
            kind = info.limit_type or ""
            return (ev.LimitChanged(status=info.status, kind=kind, resets_at=info.resets_at),)
        case protocol.CompactBoundary() | protocol.ConversationReset():
            return (ev.Notice(text=_boundary(message)),)
        case protocol.PermissionDenied():
            text = message.message or f"{message.tool_name} was refused without asking."
            return (ev.Notice(text=cut(text), level="warning"),)
        case protocol.Remark():
            text = message.content or message.text or message.message
            return (ev.Notice(text=cut(text)),) if text else ()
        case protocol.Result():
            return ()
        case _:
            assert_never(message)


def _started(message: protocol.Init) -> ev.TurnStarted:
    return ev.TurnStarted(
        conversation=message.session_id,
        cwd=message.cwd,
        model=message.model,
        mode=message.permission_mode,
        version=message.version,
    )


def _status(message: protocol.Status) -> tuple[ev.Event, ...]:
    said: list[ev.Event] = []
    if message.permission_mode:
        said.append(ev.ModeChanged(mode=message.permission_mode))
    if message.status == "compacting":
        said.append(ev.Notice(text="Compacting the conversation."))
    if message.compact_error:
        text = f"Compacting failed: {message.compact_error}"
        said.append(ev.Notice(text=cut(text), level="warning"))
    return tuple(said)


def _retrying(message: protocol.ApiRetry) -> ev.Retrying:
    status = message.error_status
    return ev.Retrying(
        attempt=message.attempt,
        maximum=message.max_retries,
        delay_ms=int(message.retry_delay_ms),
        status=status,
        error=message.error or "",
        hint=advice.hint(message.error, status=status),
        fatal=advice.is_fatal(message.error, status=status),
    )


def _boundary(message: protocol.CompactBoundary | protocol.ConversationReset) -> str:
    if isinstance(message, protocol.ConversationReset):
        return "The conversation was cleared: the agent remembers nothing of the above."
    before = stream.count(message.compact_metadata, "pre_tokens")
    size = f" ({before:,} tokens)" if before else ""
    return f"The conversation so far{size} was compacted: the agent remembers a summary of it."


def ended(message: protocol.Result, error: str | None, context: int) -> ev.TurnEnded:
    """Translate the end of a turn.

    Args:
        message: the `result`.
        error: the agent's name for the error that occurred in this turn, if any.
        context: tokens that the last model call read; 0 if unknown.
    """
    outcome = _outcome(message)
    failed = outcome == "error"
    status = message.api_error_status
    windows = [stream.count(m, "contextWindow") for m in _objects(message.model_usage)]
    return ev.TurnEnded(
        outcome=outcome,
        text="" if failed else message.result or "",
        error=_error(message) if failed else "",
        hint=advice.hint(error, message.api_error_type, status=status) if failed else "",
        reason=message.terminal_reason or message.subtype,
        cost_usd=message.total_cost_usd,
        input_tokens=stream.tokens_read(message.usage),
        output_tokens=stream.count(message.usage, "output_tokens"),
        context_tokens=context,
        context_window=max(windows, default=0),
        duration_ms=int(message.duration_ms),
    )


def _outcome(message: protocol.Result) -> ev.TurnOutcome:
    if (message.terminal_reason or "").startswith("aborted"):
        return "interrupted"
    return "error" if message.is_error or message.subtype != "success" else "ok"


def _error(message: protocol.Result) -> str:
    known = _ENDINGS.get(message.subtype) or _ENDINGS.get(message.terminal_reason or "")
    text = message.result or "; ".join(message.errors) or known
    return cut(text or f"The turn failed: {message.terminal_reason or message.subtype}.")


def _objects(value: protocol.Json) -> list[protocol.Json]:
    return [entry for entry in value.values() if isinstance(entry, dict)]


class Tasks:
    """Follows subagents and shells; hides foreground shells, which are shown as tool uses."""

    def __init__(self) -> None:
        self._hidden: set[str] = set()

    def news(self, message: TaskMessage) -> tuple[ev.Event, ...]:
        """Translate a message about tasks."""
        match message:
            case protocol.BackgroundTasks():
                return (_background(message),)
            case protocol.TaskStarted():
                if message.task_type == "local_bash" and not message.is_backgrounded:
                    self._hidden.add(message.task_id)
                    return ()
                return (_progressed(message, "started"),)
            case protocol.TaskUpdated():
                return self._updated(message)
            case protocol.TaskProgress():
                return () if message.task_id in self._hidden else (_progressed(message, "running"),)
            case protocol.TaskNotification():
                hidden = message.task_id in self._hidden
                self._hidden.discard(message.task_id)
                return () if hidden else (_progressed(message, message.status),)
            case _:
                assert_never(message)

    def _updated(self, message: protocol.TaskUpdated) -> tuple[ev.Event, ...]:
        if message.patch.get("is_backgrounded") is True:
            self._hidden.discard(message.task_id)
        status = message.patch.get("status")
        if message.task_id in self._hidden or not isinstance(status, str):
            return ()
        return (ev.TaskProgressed(task=message.task_id, status=status),)


def _progressed(
    message: protocol.TaskStarted | protocol.TaskProgress | protocol.TaskNotification, status: str
) -> ev.TaskProgressed:
    description = "" if isinstance(message, protocol.TaskNotification) else message.description
    summary = "" if isinstance(message, protocol.TaskStarted) else message.summary or ""
    return ev.TaskProgressed(
        task=message.task_id,
        status=status,
        tool_use=message.tool_use_id or "",
        description=cut(description),
        summary=cut(summary),
    )


def _background(message: protocol.BackgroundTasks) -> ev.BackgroundTasks:
    tasks = (
        ev.BackgroundTask(
            id=task.task_id,
            kind=_TASK_KINDS.get(task.task_type, "other"),
            description=cut(task.description),
        )
        for task in message.tasks
        if not task.ambient
    )
    return ev.BackgroundTasks(tasks=tuple(tasks))
