"""The real claude as an `Agent`.

Keep true: pure except for `mode_left`, as `agents.base` requires; this class only delegates.
"""

from __future__ import annotations

from collections.abc import Mapping

from parallel_agents.agents.base import SpawnSpec, Translator
from parallel_agents.agents.claude import actions, left
from parallel_agents.agents.claude.argv import interactive_argv, spawn_argv
from parallel_agents.agents.claude.traits import TRAITS
from parallel_agents.core.options import Decision, JsonObject
from parallel_agents.core.state import Request


class ClaudeAgent:
    """Drives `claude -p` with stream-json on both sides; see `agents.base.Agent`."""

    traits = TRAITS

    def argv(self, spec: SpawnSpec) -> list[str]:
        """Return the argument list that starts the agent."""
        return spawn_argv(spec)

    def interactive_argv(self, spec: SpawnSpec) -> list[str]:
        """Return the argument list that opens the conversation in a person's terminal."""
        return interactive_argv(spec)

    def environment(self) -> dict[str, str]:
        """Return the variables that enable its state events, and prevent updates while it works."""
        return {"CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS": "1", "DISABLE_AUTOUPDATER": "1"}

    def translator(self) -> Translator:
        """Return a translator for one process's output."""
        # Imported here, so that a supervisor answers its first client before it loads the models
        # of all lines, which only the first process to be read needs.
        from parallel_agents.agents.claude.translate import ClaudeTranslator

        return ClaudeTranslator()

    def initialize(self, request: str) -> str:
        """Return the line that asks the process to introduce itself."""
        return actions.control(request, "initialize")

    def message(self, uuid: str, text: str) -> str:
        """Return the line for a person's message."""
        return actions.user_message(uuid, text)

    def decide(self, request: Request, decision: Decision) -> str:
        """Return the line that answers a request."""
        return actions.decide(request, decision)

    def answer(self, response: JsonObject) -> str:
        """Return the line that sends a prepared `control_response`."""
        return actions.encode(response)

    def interrupt(self, request: str) -> str:
        """Return the line that ends the running turn."""
        return actions.control(request, "interrupt")

    def set_mode(self, request: str, mode: str) -> str:
        """Return the line that changes the permission mode from the next call on."""
        return actions.control(request, "set_permission_mode", mode=mode)

    def set_model(self, request: str, model: str | None) -> str:
        """Return the line that changes the model from the next call on; None is the default."""
        return actions.control(request, "set_model", model=model)

    def set_effort(self, request: str, effort: str) -> str:
        """Return the line that changes the effort level from the next call on."""
        settings = {"effortLevel": effort}
        return actions.control(request, "apply_flag_settings", settings=settings)

    def mode_left(self, conversation: str, environment: Mapping[str, str]) -> str:
        """Return the permission mode at the end of an attached conversation; empty if unknown."""
        return left.mode_left(conversation, environment)

    def lost_conversation(self, stderr: str) -> bool:
        """Tell whether the process ended because it did not find the conversation."""
        return "No conversation found" in stderr

    def end(self, request: str) -> str:
        """Return the line that asks the process to end the running turn, and then itself."""
        return actions.control(request, "end_session")
