"""A person's choices for a session: the options it starts with, and a decision."""

from typing import Any, Literal

from parallel_agents.core.value import Value

JsonObject = dict[str, Any]
"""A JSON object from outside: raw, untrusted, kept unchanged."""

Scope = Literal["once", "session", "repository"]
"""How long a permission holds: for this call, this session, or as a rule of the repository."""


class Options(Value):
    """Options of a session, journalled and passed on at every start.

    Attributes:
        model: model alias or name; None leaves the choice to the agent.
        mode: one of the agent's permission modes; None leaves the choice to the agent.
        effort: one of the agent's effort levels; None leaves the choice to the agent.
        trusted: whether the repository's own settings, hooks and servers may be loaded.
        rules: allow rules that the person granted for this session, such as `Bash(npm test *)`.
    """

    model: str | None = None
    mode: str | None = None
    effort: str | None = None
    trusted: bool = True
    rules: tuple[str, ...] = ()


class Decision(Value):
    """A person's answer to one request.

    Attributes:
        behavior: whether the tool may run.
        scope: how long a permission holds.
        message: what the agent is told if denied.
        updated_input: the input to run instead of the one shown; None runs the one shown.
        answers: for a question: maps the question's text to the chosen label(s) or free text.
        mode: for a plan: the permission mode to continue in.
    """

    behavior: Literal["allow", "deny"]
    scope: Scope = "once"
    message: str = ""
    updated_input: JsonObject | None = None
    answers: dict[str, str | list[str]] | None = None
    mode: str | None = None
