"""What person and agent ask of each other: messages, requests, decisions."""

from typing import Literal

from msgspec import field

from parallel_agents.core.asking import Approval, Question
from parallel_agents.core.options import Decision, JsonObject
from parallel_agents.core.value import Tagged

RequestKind = Literal["permission", "question", "plan"]
FileAccess = Literal["read", "write"]
MessageProgress = Literal["delivered", "accepted", "started", "completed", "cancelled"]


class MessageQueued(Tagged, tag="message_queued"):
    """A message for the agent was accepted from a person; it is not delivered yet.

    Attributes:
        note: what the agent is told before the text, and what no person wrote; may be empty.
    """

    uuid: str
    text: str
    by: str = "person"
    note: str = ""


class MessageProgressed(Tagged, tag="message_progressed"):
    """How far a message got: `command_lifecycle` of the CLI, or the shim's receipt."""

    uuid: str
    progress: MessageProgress


class RequestOpened(Tagged, tag="request_opened"):
    """The agent waits for a person.

    Attributes:
        request: the agent's own id of the request.
        input: the tool's input, raw, to be sent back unchanged unless edited.
        digest: `ids.digest(input)`: what a decision must name.
        tool_use: id of the tool use this is about.
        subagent: id of the subagent that asks; empty for the main agent.
        suggestions: permission updates the agent proposes, raw: what it wants back, and nobody
            else reads.
        summary: what it asks, in one line; empty only in journals of earlier versions, which lack
            the fields below as well.
        plan: the plan to approve, as Markdown.
        questions: what is asked, for a question.
        approvals: how a plan may be approved; the last one lets the agent do the least.
        rules: what "always" would grant, as a person reads it; empty when it cannot be granted.
        kept_in: the file in which those rules are kept for the repository; empty when they cannot.
        editable: whether another input may be allowed than this one.
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
    summary: str = ""
    plan: str = ""
    questions: tuple[Question, ...] = ()
    approvals: tuple[Approval, ...] = ()
    rules: tuple[str, ...] = ()
    kept_in: str = ""
    editable: bool = True


class RequestDecided(Tagged, tag="request_decided"):
    """A person decided; compare-and-set on the request.

    Attributes:
        line: the exact line for the agent, so that it can be sent again after a crash.
    """

    request: str
    decision: Decision
    line: str = ""
    by: str = "person"


class RequestWithdrawn(Tagged, tag="request_withdrawn"):
    """The agent no longer waits for this request."""

    request: str


class ControlRefused(Tagged, tag="control_refused"):
    """The agent asked something that cannot be presented; it is answered at once.

    Attributes:
        answer: the object to send, as the agent writes it.
    """

    request: str
    subtype: str
    answer: JsonObject


class ControlAnswered(Tagged, tag="control_answered"):
    """The agent answered one of our control requests."""

    request: str
    ok: bool
    error: str = ""
    response: JsonObject = field(default_factory=dict)


class FileServed(Tagged, tag="file_served"):
    """The agent had us read or write a text file of its worktree.

    Attributes:
        path: as the agent named it.
        refused: why nothing was done; empty when it was done.
    """

    path: str
    does: FileAccess
    refused: str = ""


DialogueEvent = (
    MessageQueued
    | MessageProgressed
    | RequestOpened
    | RequestDecided
    | RequestWithdrawn
    | ControlRefused
    | ControlAnswered
    | FileServed
)
