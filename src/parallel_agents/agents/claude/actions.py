"""What is said to `claude`: each action -> one line for its stdin.

Keep true: every line is one JSON object, pure ASCII and without a newline, for one malformed line
ends the program; an input that was not edited goes back as it came; "always" is only the rules
that the agent suggested, and for this session alone unless the person named the repository.

The shapes are those of claude 2.1.329, as measured; see `protocol.py`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from parallel_agents.core.errors import UsageError
from parallel_agents.core.options import Decision, JsonObject
from parallel_agents.core.state import Request
from parallel_agents.core.summary import questions_of

DENIED = "The user does not want this. Ask what to do instead, or go on without it."
KEEP_PLANNING = "The user does not approve this plan yet. Keep planning."


def encode(value: JsonObject) -> str:
    """One object as one line, without the newline.

    Args:
        value: what to say; only JSON types.

    Returns:
        ASCII only: no text of anybody's can end the line early or be cut inside a character.
    """
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def control(request: str, subtype: str, **more: object) -> str:
    """A control request of ours.

    Args:
        request: our id for it, which the answer will name.
        subtype: what is asked, such as `interrupt`.
        **more: its other fields.

    Returns:
        The line.
    """
    body = {"subtype": subtype, **more}
    return encode({"type": "control_request", "request_id": request, "request": body})


def user_message(uuid: str, text: str) -> str:
    """A prompt or a reply; a second copy with the same uuid is run only once."""
    message = {"role": "user", "content": text}
    return encode({"type": "user", "message": message, "parent_tool_use_id": None, "uuid": uuid})


def refusal(request: str, subtype: str) -> JsonObject:
    """The answer to a control request that cannot be presented to a person.

    Args:
        request: the agent's id of the request.
        subtype: what it asked for.

    Returns:
        A cancelled elicitation, or an error: never silence, which would block the session.
    """
    if subtype == "elicitation":
        return _success(request, {"action": "cancel"})
    error = f"not supported by this client: {subtype}"
    body = {"subtype": "error", "request_id": request, "error": error}
    return {"type": "control_response", "response": body}


def _success(request: str, response: JsonObject) -> JsonObject:
    body = {"subtype": "success", "request_id": request, "response": response}
    return {"type": "control_response", "response": body}


def decide(request: Request, decision: Decision) -> str:
    """Answer a request.

    Args:
        request: what the agent asked.
        decision: what the person chose.

    Returns:
        The line.

    Raises:
        UsageError: the decision does not fit the request.
    """
    if decision.behavior == "deny":
        default = KEEP_PLANNING if request.kind == "plan" else DENIED
        response: JsonObject = {"behavior": "deny", "message": decision.message or default}
    else:
        response = {"behavior": "allow", "updatedInput": _input(request, decision)}
        if updates := _updates(request, decision):
            response["updatedPermissions"] = updates
    return encode(_success(request.id, response))


def _input(request: Request, decision: Decision) -> JsonObject:
    given = request.input if decision.updated_input is None else decision.updated_input
    if request.kind == "question":
        return {**given, "answers": _answers(request, decision)}
    if decision.answers is not None:
        raise UsageError(
            f"“{request.tool_name}” asks for a permission, not for an answer.",
            hint="Allow it or deny it.",
        )
    return given


def _answers(request: Request, decision: Decision) -> dict[str, str]:
    if not decision.answers:
        raise UsageError("The agent asked a question.", hint="Choose an answer or write one.")
    asked = {str(question.get("question")) for question in questions_of(request.input)}
    unknown = decision.answers.keys() - asked
    if unknown:
        raise UsageError(
            f"The agent did not ask “{min(unknown)}”.", hint="Answer the questions as they are."
        )
    chosen = decision.answers.items()
    return {q: a if isinstance(a, str) else ", ".join(a) for q, a in chosen}


def _updates(request: Request, decision: Decision) -> list[JsonObject]:
    updates: list[JsonObject] = []
    if decision.scope != "once":
        updates = lasting_rules(request.suggestions, repository=decision.scope == "repository")
        if not updates:
            raise UsageError(
                f"The agent suggested no rule for “{request.tool_name}”.",
                hint="Allow it once, or change the permission mode.",
            )
    if decision.mode is not None:
        updates.append({"type": "setMode", "mode": decision.mode, "destination": "session"})
    return updates


def lasting_rules(suggestions: Sequence[JsonObject], *, repository: bool) -> list[JsonObject]:
    """What "always" grants.

    Args:
        suggestions: `permission_suggestions` as the agent sent them; among them may be mode
            changes and added directories, which "always" never grants.
        repository: whether the rules are kept in the repository's local settings, for every
            session of the person's, not only for this one.

    Returns:
        The rules that allow, with that destination.
    """
    destination = "localSettings" if repository else "session"
    return [
        {**suggestion, "destination": destination}
        for suggestion in suggestions
        if suggestion.get("type") == "addRules" and suggestion.get("behavior") == "allow"
    ]


def rule_names(suggestions: Sequence[JsonObject]) -> tuple[str, ...]:
    """The rules that "always" grants, written as settings do: `Bash(npm test *)`.

    Args:
        suggestions: `permission_suggestions` as the agent sent them.
    """
    names = []
    for update in lasting_rules(suggestions, repository=False):
        rules = update.get("rules")
        for rule in rules if isinstance(rules, list) else []:
            if isinstance(rule, dict) and isinstance(rule.get("toolName"), str):
                detail = rule.get("ruleContent")
                tool = rule["toolName"]
                names.append(f"{tool}({detail})" if isinstance(detail, str) else tool)
    return tuple(names)
