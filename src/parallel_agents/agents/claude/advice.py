"""Advice for errors of the model's API.

Keep true: only errors that a retry cannot fix are fatal; an unknown error has no advice.

The names are those of `assistant.error` and `api_error_type`, measured with claude 2.1.329.
"""

from __future__ import annotations

_LOGIN = "Run `claude` in a terminal and type /login, or set ANTHROPIC_API_KEY; then send again."
_BILLING = "Check the plan and payment of your Anthropic account; then send the message again."
_MODEL = "Choose a model that your account has (`claude`, then /model, lists them); send again."

_FATAL = {
    "authentication_failed": _LOGIN,
    "authentication_error": _LOGIN,
    "oauth_org_not_allowed": _LOGIN,
    "permission_error": _LOGIN,
    "billing_error": _BILLING,
    "model_not_found": _MODEL,
}
_BY_STATUS = {401: "authentication_failed", 402: "billing_error"}
_PASSING = {
    "rate_limit": "Wait for the limit to reset; then send the message again.",
    "rate_limit_error": "Wait for the limit to reset; then send the message again.",
    "overloaded": "The service is overloaded; send the message again later.",
    "overloaded_error": "The service is overloaded; send the message again later.",
}


def is_fatal(*names: str | None, status: int | None = None) -> bool:
    """Tell whether a retry is pointless until the person does something.

    Args:
        *names: the agent's names for the error; None where it gave none.
        status: HTTP status of the API's answer; None if there was no answer.
    """
    return any(name in _FATAL for name in names) or status in _BY_STATUS


def hint(*names: str | None, status: int | None = None) -> str:
    """Say what to run or do about an error.

    Args:
        *names: the agent's names for the error, the most specific first; None where it gave none.
        status: HTTP status of the API's answer; None if there was no answer.

    Returns:
        One sentence; empty for an unknown error.
    """
    known = _FATAL | _PASSING
    by_status = _BY_STATUS.get(status) if status is not None else None
    return next((known[name] for name in (*names, by_status) if name in known), "")
