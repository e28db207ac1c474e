"""The messages that the `claude` program writes on stdout, one JSON object per line.

Keep true: only fields that we use are named, and only indispensable ones are required, so that a
newer `claude` seldom breaks a model; the run's log keeps the whole line. `lines.py` handles
messages that fit no model.

The shapes are those of claude 2.1.329, from recordings of it and from the published types of
`@anthropic-ai/claude-agent-sdk` 0.3.329.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Json = dict[str, Any]


class Line(BaseModel):
    """Base of every message; unnamed fields are dropped."""

    # A model is built when the first line of its kind arrives, because most kinds never do.
    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True, defer_build=True)


class Unreadable(Line):
    """A line that is not a JSON object; `reason` says why in a few words."""

    reason: str


class Unknown(Line):
    """A JSON object of a type, subtype or shape that this version does not know.

    Attributes:
        type: its `type`, and after a slash its `subtype`, if it has one.
        raw: the whole object.
    """

    type: str
    raw: Json


class Init(Line):
    """`system/init`, at the start of every turn."""

    session_id: str
    cwd: str = ""
    model: str = ""
    permission_mode: str = Field(default="", alias="permissionMode")
    version: str = Field(default="", alias="claude_code_version")


class StateChanged(Line):
    """`system/session_state_changed`: the only reliable sign of idleness."""

    state: Literal["idle", "running", "requires_action"]


class Status(Line):
    """`system/status`: requesting, compacting, or a new permission mode."""

    status: str | None = None
    permission_mode: str | None = Field(default=None, alias="permissionMode")
    compact_error: str | None = None


class ApiRetry(Line):
    """`system/api_retry`: a call of the model's API failed and is retried."""

    attempt: int
    max_retries: int
    retry_delay_ms: float = 0
    error_status: int | None = None
    error: str | None = None


class TaskStarted(Line):
    """`system/task_started`: a shell or a subagent started."""

    task_id: str
    task_type: str = ""
    description: str = ""
    tool_use_id: str | None = None
    is_backgrounded: bool = False


class TaskProgress(Line):
    """`system/task_progress`: what a subagent is doing now."""

    task_id: str
    description: str = ""
    tool_use_id: str | None = None
    summary: str | None = None


class TaskUpdated(Line):
    """`system/task_updated`: the changed fields of a task."""

    task_id: str
    patch: Json = {}


class TaskNotification(Line):
    """`system/task_notification`: a shell or a subagent ended."""

    task_id: str
    status: str
    tool_use_id: str | None = None
    summary: str = ""


class BackgroundTask(Line):
    """One entry of `background_tasks_changed`."""

    task_id: str
    task_type: str = ""
    description: str = ""
    ambient: bool = False


class BackgroundTasks(Line):
    """`system/background_tasks_changed`: the complete list, which replaces the previous one."""

    tasks: list[BackgroundTask]


class CompactBoundary(Line):
    """`system/compact_boundary`: the model now sees only a summary of everything before this."""

    compact_metadata: Json = {}


class PermissionDenied(Line):
    """`system/permission_denied`: a tool was denied without asking a person."""

    tool_name: str = ""
    message: str = ""


class Remark(Line):
    """`system/informational`, `notification` or `local_command_output`: words for the person."""

    content: str = ""
    text: str = ""
    message: str = ""


class ApiMessage(Line):
    """The model's or the user's message inside `assistant` and `user`."""

    id: str = ""
    role: str = ""
    model: str = ""
    content: str | list[Json] = []


class Assistant(Line):
    """`assistant`: one finished content block; several lines share one `message.id`."""

    message: ApiMessage
    parent_tool_use_id: str | None = None
    uuid: str = ""
    error: str | None = None
    local_command_source: str | None = None


class User(Line):
    """`user`: results of tools, signs of an interrupt, replayed messages."""

    message: ApiMessage
    parent_tool_use_id: str | None = None
    uuid: str = ""
    tool_use_result: Any = None
    is_replay: bool = Field(default=False, alias="isReplay")
    is_synthetic: bool = Field(default=False, alias="isSynthetic")


class StreamEvent(Line):
    """`stream_event`: one raw event of the API's stream."""

    event: Json
    parent_tool_use_id: str | None = None


class RateLimitInfo(Line):
    """Inside `rate_limit_event`; `resets_at` in seconds since the epoch."""

    status: str
    resets_at: float | None = Field(default=None, alias="resetsAt")
    limit_type: str | None = Field(default=None, alias="rateLimitType")


class RateLimit(Line):
    """`rate_limit_event`: how close the account is to its limit."""

    rate_limit_info: RateLimitInfo


class ConversationReset(Line):
    """`conversation_reset`: sent after `/clear`.

    As measured, its `new_conversation_id` cannot be resumed; the next `init` names the id that can.
    """


class CommandLifecycle(Line):
    """`command_lifecycle`: the progress of a message that we sent with a uuid."""

    command_uuid: str
    state: str


class Result(Line):
    """`result`: a turn ended. Costs are cumulative over the conversation; usage is this turn's."""

    subtype: str
    is_error: bool = False
    result: str | None = None
    errors: list[str] = []
    duration_ms: float = 0
    total_cost_usd: float = 0
    usage: Json = {}
    model_usage: Json = Field(default={}, alias="modelUsage")
    terminal_reason: str | None = None
    api_error_status: int | None = None
    api_error_type: str | None = None


class CanUseTool(Line):
    """`control_request can_use_tool`: a permission, a question or the approval of a plan."""

    request_id: str
    tool_name: str
    input: Json
    tool_use_id: str | None = None
    agent_id: str | None = None
    title: str | None = None
    description: str | None = None
    decision_reason: str | None = None
    blocked_path: str | None = None
    permission_suggestions: list[Json] = []


class OtherRequest(Line):
    """Any other `control_request`, which we cannot present to a person."""

    request_id: str
    subtype: str
    raw: Json


class CancelRequest(Line):
    """`control_cancel_request`: the program withdrew a request."""

    request_id: str


class ControlResponse(Line):
    """`control_response`: the program's answer to a control request of ours."""

    request_id: str
    ok: bool
    response: Json = {}
    error: str = ""


class Quiet(Line):
    """A message that neither a person nor the state needs, such as `keep_alive`."""


Message = (
    Unreadable
    | Unknown
    | Init
    | StateChanged
    | Status
    | ApiRetry
    | TaskStarted
    | TaskProgress
    | TaskUpdated
    | TaskNotification
    | BackgroundTasks
    | CompactBoundary
    | PermissionDenied
    | Remark
    | Assistant
    | User
    | StreamEvent
    | RateLimit
    | ConversationReset
    | CommandLifecycle
    | Result
    | CanUseTool
    | OtherRequest
    | CancelRequest
    | ControlResponse
    | Quiet
)
