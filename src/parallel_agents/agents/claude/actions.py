"""Converts each action to one line for the stdin of `claude`.

Keep true: every line is one JSON object, in ASCII and without a newline, because one malformed line
ends the program; an unedited input is sent back unchanged; "always" grants only the rules that the
agent suggested, and only for this session unless the person chose the repository.

The shapes were measured with claude 2.1.329; see `protocol.py`.
"""

from __future__ import annotations

import json

from parallel_agents.agents.claude.suggestions import lasting_rules
from parallel_agents.core.options import Decision, JsonObject
from parallel_agents.core.state import Request

DENIED = "The user does not want this. Ask what to do instead, or continue without it."
KEEP_PLANNING = "The user does not approve this plan yet. Keep planning."


def encode(value: JsonObject) -> str:
    """Write one object as one line, without the newline.

    The line is ASCII only, so that no text in it can end the line early or be cut inside a
    character.
    """
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def control(request: str, subtype: str, **more: object) -> str:
    """Make the line of a control request.

    Args:
        request: our id for it, which the answer will name.
        subtype: the kind of request, such as `interrupt`.
        **more: its other fields.
    """
    body = {"subtype": subtype, **more}
    return encode({"type": "control_request", "request_id": request, "request": body})


def user_message(uuid: str, text: str) -> str:
    """Make the line of a prompt or reply; the program runs each uuid only once."""
    message = {"role": "user", "content": text}
    return encode({"type": "user", "message": message, "parent_tool_use_id": None, "uuid": uuid})


def refusal(request: str, subtype: str) -> JsonObject:
    """Make the answer to a control request that we cannot present to a person.

    There always is an answer, because silence would block the session.

    Args:
        request: the agent's id of the request.
        subtype: the kind of request.

    Returns:
        A cancelled elicitation, or an error.
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
    """Make the line that answers a request with a decision that fits it."""
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
