"""What is said to `claude`: each action -> one line for its stdin.

Keep true: every line is one JSON object, pure ASCII and without a newline, for one malformed line
ends the program; an input that was not edited goes back as it came; "always" is only the rules
that the agent suggested, and for this session alone unless the person named the repository.

The shapes are those of claude 2.1.329, as measured; see `protocol.py`.
"""

from __future__ import annotations

import json

from parallel_agents.agents.claude.suggestions import lasting_rules
from parallel_agents.core.options import Decision, JsonObject
from parallel_agents.core.state import Request

DENIED = "The user does not want this. Ask what to do instead, or continue without it."
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
        decision: what the person chose; it fits the request.

    Returns:
        The line.
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
    if decision.answers is None:
        return given
    chosen = decision.answers.items()
    answers = {q: a if isinstance(a, str) else ", ".join(a) for q, a in chosen}
    return {**given, "answers": answers}


def _updates(request: Request, decision: Decision) -> list[JsonObject]:
    updates: list[JsonObject] = []
    if decision.scope != "once":
        updates = lasting_rules(request.suggestions, repository=decision.scope == "repository")
    if decision.mode is not None:
        updates.append({"type": "setMode", "mode": decision.mode, "destination": "session"})
    return updates
