"""The facts of a session, as they are journalled and sent.

Keep true: an event says what happened, never what it means; `reduce` draws the conclusions.
Text from an agent, a repository or a file stays raw here and is made safe where it is shown.
A field is only ever added, with a default, so that every older journal still reads.
"""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from parallel_agents.core.options import Decision, JsonObject, Options
from parallel_agents.core.tagged import ByType
from parallel_agents.core.worktree import Kind

RequestKind = Literal["permission", "question", "plan"]
AgentActivity = Literal["running", "requires_action", "idle"]
TurnOutcome = Literal["ok", "error", "interrupted"]
MessageProgress = Literal["delivered", "accepted", "started", "completed", "cancelled"]
Step = Literal["set-up", "teardown"]
StopReason = Literal["person", "delete", "asleep", "attach", "shutdown", "worktree", "restart"]


# --- the session itself -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCreated:
    """A person dispatched a session; nothing has been made yet.

    Without a `branch`, its name is made by `pattern` from the worktree's slug.
    """

    id: str
    request: str
    name: str
    prompt: str
    agent: str
    directory: str
    base: str
    branch: str | None = None
    pattern: str = "worktree-{slug}"
    options: Options = field(default_factory=Options)
    by: str = "person"
    adopted: str = ""
    place: Kind = "worktree"
    type: Literal["session_created"] = "session_created"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorktreeReady:
    """The session's worktree stands.

    Attributes:
        record: the manager's own record of it.
        setup: whether the repository's set-up commands are still to be run in it.
    """

    path: str
    root: str
    branch: str
    base: str
    base_commit: str
    notes: tuple[str, ...] = ()
    record: JsonObject = field(default_factory=dict)
    setup: bool = False
    type: Literal["worktree_ready"] = "worktree_ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupFailed:
    """The worktree could not be made, or set up; the prompt and what was made are kept."""

    message: str
    hint: str = ""
    type: Literal["setup_failed"] = "setup_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupRetried:
    """A person asked to make the worktree again."""

    type: Literal["setup_retried"] = "setup_retried"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortsAssigned:
    """The session has a range of TCP ports to itself, among our sessions."""

    first: int
    count: int
    type: Literal["ports_assigned"] = "ports_assigned"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A set-up or teardown command of the repository is run in the worktree."""

    step: Step
    command: str
    type: Literal["step_started"] = "step_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutput:
    """More of what the command that runs has printed, on either stream."""

    text: str
    type: Literal["step_output"] = "step_output"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEnded:
    """The command has ended.

    Attributes:
        code: its exit status; 128 and the signal's number when it was ended by one.
        reason: why we ended it; empty when it ended by itself.
    """

    step: Step
    code: int
    reason: str = ""
    type: Literal["step_ended"] = "step_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupDone:
    """Every set-up command has succeeded."""

    type: Literal["setup_done"] = "setup_done"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorktreeMissing:
    """The worktree is gone, or another directory stands in its place."""

    reason: str
    type: Literal["worktree_missing"] = "worktree_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesCounted:
    """Size of the session's diff against its base."""

    files: int
    insertions: int
    deletions: int
    type: Literal["changes_counted"] = "changes_counted"


@dataclass(frozen=True, slots=True, kw_only=True)
class MainCheckoutChanged:
    """The user's own checkout changed while this session's turn ran."""

    detail: str
    type: Literal["main_checkout_changed"] = "main_checkout_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """A person gave the session another name."""

    name: str
    type: Literal["renamed"] = "renamed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """A person pinned the session, or let it go."""

    pinned: bool
    type: Literal["pinned"] = "pinned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A person looked at the session's latest result."""

    type: Literal["seen"] = "seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionsChanged:
    """A person changed the options; they hold from the next call or start on."""

    options: Options
    type: Literal["options_changed"] = "options_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRequested:
    """A person, or the rule that cleans up, asked to delete the session once its process is gone.

    Attributes:
        by: `person` or `clean`.
        note: why, when nobody asked for it just now.
    """

    by: str = "person"
    note: str = ""
    type: Literal["delete_requested"] = "delete_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteCancelled:
    """The deletion was undone before it happened, or was refused."""

    reason: str = ""
    type: Literal["delete_cancelled"] = "delete_cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """Worktree and branch are in the trash."""

    saved: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    type: Literal["deleted"] = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """The session came back from the trash."""

    worktree: WorktreeReady | None = None
    type: Literal["restored"] = "restored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something worth saying in the transcript that is nobody's message."""

    text: str
    level: Literal["info", "warning", "alarm"] = "info"
    type: Literal["notice"] = "notice"


# --- its process --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A process start was decided: `run` counts them from 1."""

    run: int
    conversation: str
    resumed: bool = False
    type: Literal["run_started"] = "run_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReady:
    """The agent answered `initialize`.

    Attributes:
        pid: process id of the agent itself.
        version: the agent's version, if it said.
        commands: names of its slash commands, without the slash.
        models: names of the models it offers.
    """

    run: int
    pid: int | None = None
    version: str = ""
    commands: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    type: Literal["run_ready"] = "run_ready"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """The process is gone.

    Attributes:
        code: exit status, None when a signal ended it or nothing was recorded.
        signal: number of the signal that ended it.
        asked: whether the end was asked for.
        error: why it could not start, or why no ending was recorded.
        hint: what to do about it.
        stderr: the last lines it wrote to standard error, raw.
    """

    run: int
    code: int | None = None
    signal: int | None = None
    asked: bool = False
    error: str = ""
    hint: str = ""
    stderr: str = ""
    swept: int = 0
    type: Literal["run_ended"] = "run_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRequested:
    """Somebody asked for the process to end."""

    reason: StopReason
    type: Literal["stop_requested"] = "stop_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class InterruptRequested:
    """A person asked for the turn to end."""

    type: Literal["interrupt_requested"] = "interrupt_requested"


# --- messages to the agent ----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageQueued:
    """A message for the agent was accepted from a person; it is not delivered yet."""

    uuid: str
    text: str
    by: str = "person"
    type: Literal["message_queued"] = "message_queued"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageProgressed:
    """How far a message got: `command_lifecycle` of the CLI, or the shim's receipt."""

    uuid: str
    progress: MessageProgress
    type: Literal["message_progressed"] = "message_progressed"


# --- what the agent reports ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStateChanged:
    """The agent's own state: `session_state_changed` of the CLI."""

    state: AgentActivity
    type: Literal["agent_state_changed"] = "agent_state_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnStarted:
    """`system/init`: the agent began a turn and said under which conditions."""

    conversation: str
    cwd: str = ""
    model: str = ""
    mode: str = ""
    version: str = ""
    type: Literal["turn_started"] = "turn_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEnded:
    """`result`: how the turn ended.

    Attributes:
        text: the agent's closing words.
        error: what went wrong, in the agent's words; empty when nothing did.
        hint: what to run or do about the error.
        cost_usd: what the conversation has cost so far, in US dollars; a cleared one begins
            again at 0.
        input_tokens: tokens read in this turn, cache included.
        output_tokens: tokens written in this turn.
        context_tokens: tokens that the turn's last model call read; 0 when not known.
        context_window: size of the model's context in tokens; 0 when not said.
        duration_ms: wall time of the turn in milliseconds.
    """

    outcome: TurnOutcome
    text: str = ""
    error: str = ""
    hint: str = ""
    reason: str = ""
    cost_usd: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    context_tokens: int = 0
    context_window: int = 0
    duration_ms: int = 0
    type: Literal["turn_ended"] = "turn_ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeChanged:
    """The agent's permission mode changed."""

    mode: str
    type: Literal["mode_changed"] = "mode_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOpened:
    """The agent waits for a person.

    Attributes:
        request: the agent's own id of the request.
        input: the tool's input, raw, to be sent back unchanged unless edited.
        digest: `ids.digest(input)`: what a decision must name.
        tool_use: id of the tool use this is about.
        subagent: id of the subagent that asks; empty for the main agent.
        suggestions: permission updates the agent proposes, raw.
    """

    request: str
    kind: RequestKind
    tool_name: str
    input: JsonObject
    digest: str
    tool_use: str = ""
    subagent: str = ""
    description: str = ""
    reason: str = ""
    suggestions: tuple[JsonObject, ...] = ()
    type: Literal["request_opened"] = "request_opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDecided:
    """A person decided; compare-and-set on the request.

    Attributes:
        line: the exact line for the agent, so that it can be sent again after a crash.
    """

    request: str
    decision: Decision
    line: str = ""
    by: str = "person"
    type: Literal["request_decided"] = "request_decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestWithdrawn:
    """The agent no longer waits for this request."""

    request: str
    type: Literal["request_withdrawn"] = "request_withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlRefused:
    """The agent asked something that cannot be presented; it is answered at once.

    Attributes:
        answer: the `control_response` object to send.
    """

    request: str
    subtype: str
    answer: JsonObject
    type: Literal["control_refused"] = "control_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlAnswered:
    """The agent answered one of our control requests."""

    request: str
    ok: bool
    error: str = ""
    response: JsonObject = field(default_factory=dict)
    type: Literal["control_answered"] = "control_answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying:
    """The agent's model call failed and will be tried again.

    Attributes:
        delay_ms: pause before the next attempt, in milliseconds.
        fatal: whether trying again is pointless (login, billing, unknown model).
    """

    attempt: int
    maximum: int
    delay_ms: int = 0
    status: int | None = None
    error: str = ""
    hint: str = ""
    fatal: bool = False
    type: Literal["retrying"] = "retrying"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitChanged:
    """A usage limit; `resets_at` in seconds since 1970, None when not said."""

    status: str
    kind: str = ""
    resets_at: float | None = None
    type: Literal["limit_changed"] = "limit_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundTask:
    """A subagent or shell that goes on beside the turn."""

    id: str
    kind: Literal["agent", "shell", "other"]
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundTasks:
    """All background tasks there are now; replaces what was said before."""

    tasks: tuple[BackgroundTask, ...]
    type: Literal["background_tasks"] = "background_tasks"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskProgressed:
    """News of one background task or subagent."""

    task: str
    status: str
    tool_use: str = ""
    description: str = ""
    summary: str = ""
    type: Literal["task_progressed"] = "task_progressed"


# --- the conversation ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class UserText:
    """Text the agent took as the person's."""

    text: str
    uuid: str = ""
    parent: str = ""
    type: Literal["user_text"] = "user_text"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantText:
    """A finished block of the agent's words.

    Attributes:
        message: the API message it belongs to.
        parent: id of the tool use whose subagent said it; empty for the main agent.
    """

    text: str
    message: str = ""
    parent: str = ""
    type: Literal["assistant_text"] = "assistant_text"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantThinking:
    """A finished block of the agent's thinking."""

    text: str
    message: str = ""
    parent: str = ""
    type: Literal["assistant_thinking"] = "assistant_thinking"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUsed:
    """The agent called a tool."""

    id: str
    name: str
    input: JsonObject
    message: str = ""
    parent: str = ""
    type: Literal["tool_used"] = "tool_used"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolReturned:
    """A tool answered.

    Attributes:
        patch: unified-diff text of what it changed; empty when it changed no file.
    """

    tool_use: str
    text: str
    is_error: bool = False
    patch: str = ""
    parent: str = ""
    type: Literal["tool_returned"] = "tool_returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineKept:
    """A line of the agent that says nothing we know; kept, never an error.

    Attributes:
        why: `unknown` (a type we do not know), `invalid` (no JSON), or `oversize`.
        text: the line, at most its first 4,096 characters.
    """

    why: Literal["unknown", "invalid", "oversize"]
    text: str
    type: Literal["line_kept"] = "line_kept"


Event = Annotated[
    SessionCreated
    | WorktreeReady
    | SetupFailed
    | SetupRetried
    | PortsAssigned
    | StepStarted
    | StepOutput
    | StepEnded
    | SetupDone
    | WorktreeMissing
    | ChangesCounted
    | MainCheckoutChanged
    | Renamed
    | Pinned
    | Seen
    | OptionsChanged
    | DeleteRequested
    | DeleteCancelled
    | Deleted
    | Restored
    | Notice
    | RunStarted
    | RunReady
    | RunEnded
    | StopRequested
    | InterruptRequested
    | MessageQueued
    | MessageProgressed
    | AgentStateChanged
    | TurnStarted
    | TurnEnded
    | ModeChanged
    | RequestOpened
    | RequestDecided
    | RequestWithdrawn
    | ControlRefused
    | ControlAnswered
    | Retrying
    | LimitChanged
    | BackgroundTasks
    | TaskProgressed
    | UserText
    | AssistantText
    | AssistantThinking
    | ToolUsed
    | ToolReturned
    | LineKept,
    ByType(),
]
"""Everything that can happen to a session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An event as journalled.

    Attributes:
        seq: position in the session's journal, from 1, without gaps.
        at: milliseconds since 1970; when the agent's line arrived, or when we acted.
        run: process start it came from; 0 when it is ours.
        offset: byte offset in that run's `out.log` after the line it came from.
        raw: the agent's own line, for events that change the state; else empty.
        key: uuid of the client's request that caused it; empty when nobody asked.
        more: further records of the same line or request follow; a journal that ends in such a
            record was torn and is cut back before the first of them.
    """

    seq: int
    at: int
    event: Event
    run: int = 0
    offset: int = 0
    raw: str = ""
    key: str = ""
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """Partial text that will come again as a finished block; never journalled.

    Attributes:
        message: the API message it belongs to; a new `message` starts from nothing.
        block: index of the block in that message.
        offset: characters of this block that came before.
        thinking: whether it is thinking, not words.
    """

    message: str
    block: int
    offset: int
    text: str
    thinking: bool = False
    parent: str = ""
