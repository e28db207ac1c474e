"""What is said and done in the conversation."""

from dataclasses import dataclass
from typing import Literal

from parallel_agents.core.asking import ToolKind
from parallel_agents.core.options import JsonObject


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
    """The agent called a tool.

    Attributes:
        summary: what it does, in one line; empty in journals of earlier versions.
        does: what kind of tool it is.
    """

    id: str
    name: str
    input: JsonObject
    message: str = ""
    parent: str = ""
    summary: str = ""
    does: ToolKind = "other"
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
class TaskProgressed:
    """News of one background task or subagent."""

    task: str
    status: str
    tool_use: str = ""
    description: str = ""
    summary: str = ""
    type: Literal["task_progressed"] = "task_progressed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LineKept:
    """A line of the agent that says nothing we know; kept, never an error.

    Attributes:
        why: `unknown` (a type we do not know), `invalid` (no JSON), `oversize`, or `unread` (our
            reading of it failed).
        text: the line, at most its first 4,096 characters.
    """

    why: Literal["unknown", "invalid", "oversize", "unread"]
    text: str
    type: Literal["line_kept"] = "line_kept"


ConversationEvent = (
    UserText
    | AssistantText
    | AssistantThinking
    | ToolUsed
    | ToolReturned
    | TaskProgressed
    | LineKept
)
