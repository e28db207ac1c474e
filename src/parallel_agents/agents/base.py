"""What the supervisor needs of any agent program.

Keep true: an `Agent` is pure but for `mode_left`. It makes argument lists and lines, and reads
lines; starting processes, clocks and all other files belong to the supervisor.
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
    """Everything that decides how an agent's process is started.

    Attributes:
        program: argument list prefix of the agent program, e.g. `("/bin/agent",)`.
        conversation: uuid of the conversation.
        resume: whether it exists already.
        worktree: the worktree's name below the repository, for an agent that starts in
            the repository and goes there by itself; empty when the process starts in its place.
        name: the session's display name, raw.
        options: model, mode, effort, trust and rules.
        directory: where below the worktree's top the person started it; empty for the top.
    """

    program: tuple[str, ...]
    conversation: str
    resume: bool
    worktree: str
    name: str
    options: Options
    directory: str = ""


Said = Event | Delta | HostRequest
"""What a line of an agent says: something happened, or it asks something of its host."""


class Translator(Protocol):
    """Reads one process's lines in order; may remember what it needs until the turn ends."""

    def translate(self, line: bytes) -> Sequence[Said]:
        """Turn one line of the agent's output into what it says.

        Args:
            line: the line without its newline; any bytes at all.

        Returns:
            Events, partial text and what it asks of us, in order; never raises for the content of a
            line. A tool use and a request carry all that a person has to see of them, `summary`
            always.
        """
        ...


class Agent(Protocol):
    """An agent program and its protocol.

    Attributes:
        traits: what is fixed about it.
    """

    traits: Traits

    def argv(self, spec: SpawnSpec) -> list[str]:
        """The argument list that starts the agent."""
        ...

    def interactive_argv(self, spec: SpawnSpec) -> list[str]:
        """The argument list that opens the conversation in a person's terminal.

        Asked only of an agent that can be attached to.
        """
        ...

    def environment(self) -> dict[str, str]:
        """Variables the agent's process needs beside the person's own."""
        ...

    def translator(self) -> Translator:
        """A reader for one process's output."""
        ...

    def initialize(self, request: str) -> str:
        """The line that asks the process to introduce itself."""
        ...

    def message(self, uuid: str, text: str) -> str:
        """The line that carries a person's message."""
        ...

    def decide(self, request: Request, decision: Decision) -> str:
        """The line that answers a request with a decision that fits it."""
        ...

    def answer(self, response: JsonObject) -> str:
        """The line that sends the answer of a `ControlRefused`."""
        ...

    def interrupt(self, request: str) -> str:
        """The line that ends the running turn."""
        ...

    def set_mode(self, request: str, mode: str) -> str:
        """The line that changes the permission mode."""
        ...

    def set_model(self, request: str, model: str | None) -> str:
        """The line that changes the model; None for the agent's default."""
        ...

    def set_effort(self, request: str, effort: str) -> str:
        """The line that changes the effort level."""
        ...

    def mode_left(self, conversation: str, environment: Mapping[str, str]) -> str:
        """The permission mode in which a person's terminal left a conversation; empty if unknown.

        The one method that reads files: the agent's own, a bounded part of them.
        """
        ...

    def lost_conversation(self, stderr: str) -> bool:
        """Whether a process ended because it does not know the conversation it was to resume.

        Args:
            stderr: the last words of the process.
        """
        ...

    def end(self, request: str) -> str:
        """The line that asks the process to end."""
        ...
