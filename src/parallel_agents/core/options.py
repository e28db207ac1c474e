"""What a person may choose for a session: the options it starts with, and a decision."""

from typing import Any, Literal

from parallel_agents.core.value import Value

JsonObject = dict[str, Any]
"""A JSON object from outside: raw, untrusted, kept as it came."""

Scope = Literal["once", "session", "repository"]
"""How long an allowance holds: this call, this session, or a rule kept for the repository."""


class Options(Value):
    """Options of a session; journalled and passed on every start.

    Attributes:
        model: model alias or name; None leaves the choice to the agent.
        mode: permission mode, one of the agent's; None leaves the choice to it.
        effort: effort level, one of the agent's; None leaves the choice to it.
        trusted: whether the repository's own settings, hooks and servers may be loaded.
        rules: session-scoped allow rules granted by the person, such as `Bash(npm test *)`.
    """

    model: str | None = None
    mode: str | None = None
    effort: str | None = None
    trusted: bool = True
    rules: tuple[str, ...] = ()


class Decision(Value):
    """A person's answer to one request.

    Attributes:
        behavior: allow the tool to run, or not.
        scope: how long an allowance holds.
        message: what the agent reads when denied.
        updated_input: the input to run instead of the one shown; None runs it as shown.
        answers: for a question: question text to chosen label(s) or free text.
        mode: for a plan: the permission mode to go on in.
    """

    behavior: Literal["allow", "deny"]
    scope: Scope = "once"
    message: str = ""
    updated_input: JsonObject | None = None
    answers: dict[str, str | list[str]] | None = None
    mode: str | None = None
