"""What person and agent ask of each other: messages, requests, decisions."""

from typing import Literal

from msgspec import field

from parallel_agents.core.options import Decision, JsonObject
from parallel_agents.core.value import Tagged

RequestKind = Literal["permission", "question", "plan"]
MessageProgress = Literal["delivered", "accepted", "started", "completed", "cancelled"]


class MessageQueued(Tagged, tag="message_queued"):
    """A message for the agent was accepted from a person; it is not delivered yet."""

    uuid: str
    text: str
    by: str = "person"


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
        answer: the `control_response` object to send.
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


DialogueEvent = (
    MessageQueued
    | MessageProgressed
    | RequestOpened
    | RequestDecided
    | RequestWithdrawn
    | ControlRefused
    | ControlAnswered
)
