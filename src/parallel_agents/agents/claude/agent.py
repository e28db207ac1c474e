"""The real claude as an `Agent`.

Keep true: pure but for `mode_left`, as `agents.base` asks; this class only names the parts.
"""

from __future__ import annotations

from collections.abc import Mapping

from parallel_agents.agents.base import SpawnSpec, Translator
from parallel_agents.agents.claude import actions, left
from parallel_agents.agents.claude.argv import interactive_argv, spawn_argv
from parallel_agents.core.options import Decision, JsonObject
from parallel_agents.core.state import Request


class ClaudeAgent:
    """Drives `claude -p` with stream-json on both sides; see `agents.base.Agent`.

    Attributes:
        minimum: oldest version whose documented `--worktree` and `--resume` behave as needed.
    """

    name = "claude"
    minimum: tuple[int, ...] = (2, 1, 240)

    def argv(self, spec: SpawnSpec) -> list[str]:
        """The argument list that starts the agent."""
        return spawn_argv(spec)

    def interactive_argv(self, spec: SpawnSpec) -> list[str]:
        """The argument list that opens the conversation in a person's terminal."""
        return interactive_argv(spec)

    def environment(self) -> dict[str, str]:
        """Variables the agent's process needs: its state events, and no update while it works."""
        return {"CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS": "1", "DISABLE_AUTOUPDATER": "1"}

    def translator(self) -> Translator:
        """A reader for one process's output."""
        # Its models of every line are loaded for the first process that is read: a supervisor
        # answers its first client before that.
        from parallel_agents.agents.claude.translate import ClaudeTranslator

        return ClaudeTranslator()

    def initialize(self, request: str) -> str:
        """The line that asks the process to introduce itself."""
        return actions.control(request, "initialize")

    def message(self, uuid: str, text: str) -> str:
        """The line that carries a person's message."""
        return actions.user_message(uuid, text)

    def decide(self, request: Request, decision: Decision) -> str:
        """The line that answers a request.

        Raises:
            UsageError: the decision does not fit the request.
        """
        return actions.decide(request, decision)

    def granted_rules(self, request: Request) -> tuple[str, ...]:
        """The rules that `scope="session"` grants, to pass again at the next start."""
        return actions.rule_names(request.suggestions)

    def answer(self, response: JsonObject) -> str:
        """The line that sends a prepared `control_response`."""
        return actions.encode(response)

    def interrupt(self, request: str) -> str:
        """The line that ends the running turn."""
        return actions.control(request, "interrupt")

    def set_mode(self, request: str, mode: str) -> str:
        """The line that changes the permission mode, from the next call on."""
        return actions.control(request, "set_permission_mode", mode=mode)

    def set_model(self, request: str, model: str | None) -> str:
        """The line that changes the model, from the next call on; None for the default."""
        return actions.control(request, "set_model", model=model)

    def set_effort(self, request: str, effort: str) -> str:
        """The line that changes the effort level, from the next call on."""
        settings = {"effortLevel": effort}
        return actions.control(request, "apply_flag_settings", settings=settings)

    def mode_left(self, conversation: str, environment: Mapping[str, str]) -> str:
        """The permission mode in which a person's terminal left a conversation."""
        return left.mode_left(conversation, environment)

    def end(self, request: str) -> str:
        """The line that asks the process to end, and first the turn that runs."""
        return actions.control(request, "end_session")
