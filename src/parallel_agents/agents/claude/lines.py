"""Parses a line of the agent's stdout into a message.

Keep true: parsing never raises; a message of unknown type, subtype or shape is kept whole as
`Unknown`; a line that is not a JSON object is `Unreadable`; a request that needs an answer is never
`Unknown` if it has an id to answer to. Everything that is kept can be written as JSON again.
"""

from __future__ import annotations

import json

from pydantic import ValidationError
from pydantic_core import from_json

from parallel_agents.agents.claude import protocol
from parallel_agents.agents.claude.protocol import Json, Message

_BY_TYPE: dict[str, type[protocol.Line]] = {
    "system/init": protocol.Init,
    "system/session_state_changed": protocol.StateChanged,
    "system/status": protocol.Status,
    "system/api_retry": protocol.ApiRetry,
    "system/task_started": protocol.TaskStarted,
    "system/task_progress": protocol.TaskProgress,
    "system/task_updated": protocol.TaskUpdated,
    "system/task_notification": protocol.TaskNotification,
    "system/background_tasks_changed": protocol.BackgroundTasks,
    "system/compact_boundary": protocol.CompactBoundary,
    "system/permission_denied": protocol.PermissionDenied,
    "system/informational": protocol.Remark,
    "system/notification": protocol.Remark,
    "system/local_command_output": protocol.Remark,
    "system/thinking_tokens": protocol.Quiet,
    "system/hook_started": protocol.Quiet,
    "system/hook_progress": protocol.Quiet,
    "system/hook_response": protocol.Quiet,
    "system/commands_changed": protocol.Quiet,
    "system/files_persisted": protocol.Quiet,
    "system/elicitation_complete": protocol.Quiet,
    "system/session_title_changed": protocol.Quiet,
    "assistant": protocol.Assistant,
    "user": protocol.User,
    "stream_event": protocol.StreamEvent,
    "tool_progress": protocol.Quiet,
    "tool_use_summary": protocol.Quiet,
    "prompt_suggestion": protocol.Quiet,
    "keep_alive": protocol.Quiet,
    "rate_limit_event": protocol.RateLimit,
    "conversation_reset": protocol.ConversationReset,
    "command_lifecycle": protocol.CommandLifecycle,
    "result": protocol.Result,
    "control_cancel_request": protocol.CancelRequest,
}


def parse_line(line: bytes) -> Message:
    """Parse one line of the agent's stdout; never raises.

    Args:
        line: the bytes, with or without the newline.

    Returns:
        The message; `Unknown` or `Unreadable` if it cannot be understood.
    """
    try:
        raw = _load(line)
    except (ValueError, RecursionError) as error:
        return protocol.Unreadable(reason=f"not JSON: {str(error)[:200]}")
    if not isinstance(raw, dict):
        return protocol.Unreadable(reason="not a JSON object")
    try:
        return _message(raw)
    except ValidationError:
        return protocol.Unknown(type=_kind(raw), raw=raw)


def _load(line: bytes) -> object:
    try:
        return from_json(line, allow_inf_nan=False)
    except ValueError:
        # JavaScript may cut a text inside a surrogate pair and write the half as an escape, which
        # only the standard library can read. Half a pair is no character, so it is replaced.
        whole = _without_halves(json.loads(line, parse_constant=_refuse))
        return from_json(json.dumps(whole))


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _without_halves(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if not value.isascii() else value
    if isinstance(value, list):
        return [_without_halves(item) for item in value]
    if isinstance(value, dict):
        return {_without_halves(key): _without_halves(item) for key, item in value.items()}
    return value


def _kind(raw: Json) -> str:
    kind, subtype = raw.get("type"), raw.get("subtype")
    name = kind if isinstance(kind, str) else "?"
    named = isinstance(subtype, str) and name != "result"
    return f"{name}/{subtype}" if named else name


def _message(raw: Json) -> Message:
    kind = _kind(raw)
    if kind == "control_request":
        return _control_request(raw)
    if kind == "control_response":
        return _control_response(raw)
    model = _BY_TYPE.get(kind)
    if model is None:
        return protocol.Unknown(type=kind, raw=raw)
    return _fitted(model, raw)  # type: ignore[return-value]


def _fitted(model: type[protocol.Line], raw: Json) -> protocol.Line:
    """Read a message; drop fields of unexpected shape, so that they do not hide the others."""
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        odd = {problem["loc"][0] for problem in error.errors(include_url=False) if problem["loc"]}
        return model.model_validate({k: v for k, v in raw.items() if k not in odd})


def _control_request(raw: Json) -> Message:
    request = raw.get("request")
    body = request if isinstance(request, dict) else {}
    identity = {"request_id": raw.get("request_id")}
    if body.get("subtype") == "can_use_tool":
        try:
            return _fitted(protocol.CanUseTool, body | identity)  # type: ignore[return-value]
        except ValidationError:
            pass  # a request that cannot be shown is answered with an error, like the others below
    subtype = body.get("subtype")
    shown = subtype if isinstance(subtype, str) else "?"
    return protocol.OtherRequest.model_validate({"subtype": shown, "raw": raw} | identity)


def _control_response(raw: Json) -> Message:
    body = raw.get("response")
    if not isinstance(body, dict):
        return protocol.Unknown(type="control_response", raw=raw)
    return protocol.ControlResponse(
        request_id=body.get("request_id", ""),
        ok=body.get("subtype") == "success",
        response=body.get("response") or {},
        error=body.get("error") or "",
    )
