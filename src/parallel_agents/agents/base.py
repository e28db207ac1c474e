"""What the supervisor needs from an agent program.

Keep true: an `Agent` is pure except for `mode_left`. It makes argument lists and lines, and reads
lines; processes, clocks and all other files are the supervisor's business.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from parallel_agents.agents.hosting import HostRequest
from parallel_agents.core.agents import Traits
from parallel_agents.core.events import Delta, Event
from parallel_agents.core.options import Decision, JsonObject, Options
from parallel_agents.core.state import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class SpawnSpec:
    """Everything that determines how an agent's process is started.

    Attributes:
        program: start of the argument list, such as `("/bin/agent",)`.
        conversation: uuid of the conversation.
        resume: whether the conversation exists already.
        worktree: the worktree's name below the repository, for an agent that starts in the
            repository and goes there by itself; empty if the process starts in its place.
        name: the session's display name, raw.
        options: model, mode, effort, trust and rules.
        directory: the directory, relative to the worktree's top, that corresponds to the one in
            which the person started it; empty for the top.
    """

    program: tuple[str, ...]
    conversation: str
    resume: bool
    worktree: str
    name: str
    options: Options
    directory: str = ""


Said = Event | Delta | HostRequest
"""The content of an agent's line: an event, partial text, or a request to its host."""


class Translator(Protocol):
    """Reads one process's lines in order; may keep what it needs until the turn ends."""

    def translate(self, line: bytes) -> Sequence[Said]:
        """Translate one line of the agent's output; never raise because of its content.

        Args:
            line: the line without its newline; may hold any bytes.

        Returns:
            Events, partial text and host requests, in order. A tool use or a request includes
            everything that a person has to see of it, and always a `summary`.
        """
        ...


class Agent(Protocol):
    """An agent program and its protocol."""

    traits: Traits

    def argv(self, spec: SpawnSpec) -> list[str]:
        """Return the argument list that starts the agent."""
        ...

    def interactive_argv(self, spec: SpawnSpec) -> list[str]:
        """Return the argument list that opens the conversation in a person's terminal.

        Called only for an agent that can be attached to.
        """
        ...

    def environment(self) -> dict[str, str]:
        """Return the variables that the agent's process needs besides the person's own."""
        ...

    def translator(self) -> Translator:
        """Return a translator for one process's output."""
        ...

    def initialize(self, request: str) -> str:
        """Return the line that asks the process to introduce itself."""
        ...

    def message(self, uuid: str, text: str) -> str:
        """Return the line for a person's message."""
        ...

    def decide(self, request: Request, decision: Decision) -> str:
        """Return the line that answers a request with a decision that fits it."""
        ...

    def answer(self, response: JsonObject) -> str:
        """Return the line that sends the answer of a `ControlRefused`."""
        ...

    def interrupt(self, request: str) -> str:
        """Return the line that ends the running turn."""
        ...

    def set_mode(self, request: str, mode: str) -> str:
        """Return the line that changes the permission mode."""
        ...

    def set_model(self, request: str, model: str | None) -> str:
        """Return the line that changes the model; None is the agent's default."""
        ...

    def set_effort(self, request: str, effort: str) -> str:
        """Return the line that changes the effort level."""
        ...

    def mode_left(self, conversation: str, environment: Mapping[str, str]) -> str:
        """Return the permission mode at the end of an attached conversation; empty if unknown.

        This is the only method that reads files: a limited part of the agent's own.
        """
        ...

    def lost_conversation(self, stderr: str) -> bool:
        """Tell whether a process ended because it did not find the conversation to resume.

        Args:
            stderr: the end of the process's error output.
        """
        ...

    def end(self, request: str) -> str:
        """Return the line that asks the process to end."""
        ...
