"""What is said and done in the conversation."""

from typing import Literal

from parallel_agents.core.asking import ToolKind
from parallel_agents.core.options import JsonObject
from parallel_agents.core.value import Tagged


class UserText(Tagged, tag="user_text"):
    """Text the agent took as the person's."""

    text: str
    uuid: str = ""
    parent: str = ""


class AssistantText(Tagged, tag="assistant_text"):
    """A finished block of the agent's words.

    Attributes:
        message: the API message it belongs to.
        parent: id of the tool use whose subagent said it; empty for the main agent.
    """

    text: str
    message: str = ""
    parent: str = ""


class AssistantThinking(Tagged, tag="assistant_thinking"):
    """A finished block of the agent's thinking."""

    text: str
    message: str = ""
    parent: str = ""


class ToolUsed(Tagged, tag="tool_used"):
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


class ToolReturned(Tagged, tag="tool_returned"):
    """A tool answered.

    Attributes:
        patch: unified-diff text of what it changed; empty when it changed no file.
    """

    tool_use: str
    text: str
    is_error: bool = False
    patch: str = ""
    parent: str = ""


class TaskProgressed(Tagged, tag="task_progressed"):
    """News of one background task or subagent."""

    task: str
    status: str
    tool_use: str = ""
    description: str = ""
    summary: str = ""


class LineKept(Tagged, tag="line_kept"):
    """A line of the agent that says nothing we know; kept, never an error.

    Attributes:
        why: `unknown` (a type we do not know), `invalid` (no JSON), `oversize`, or `unread` (our
            reading of it failed).
        text: the line, at most its first 4,096 characters.
    """

    why: Literal["unknown", "invalid", "oversize", "unread"]
    text: str


ConversationEvent = (
    UserText
    | AssistantText
    | AssistantThinking
    | ToolUsed
    | ToolReturned
    | TaskProgressed
    | LineKept
)
