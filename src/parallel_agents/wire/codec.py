"""Converts requests and pushes to JSON and back.

Keep true: unknown fields in a push of another version are ignored; a request that is not in the
closed list, or has a field of the wrong type, is refused.
"""

from parallel_agents.core.codec import dump, from_plain, load
from parallel_agents.core.errors import UsageError
from parallel_agents.wire.messages import AnyRequest
from parallel_agents.wire.pushes import Push


def load_request(value: object) -> AnyRequest:
    """Read a request.

    Raises:
        UsageError: it is not in the closed list, or has a field of the wrong type.
    """
    try:
        return from_plain(value, AnyRequest)  # type: ignore[no-any-return]
    except ValueError as error:
        raise UsageError(f"not a request that this supervisor knows: {error}") from None


def refuse_nul(value: object) -> None:
    """Refuse text that no program could receive, because NUL ends arguments and variables.

    Args:
        value: a request as it came; its decision reaches the agent as JSON, so it may hold a NUL.

    Raises:
        UsageError: some other text or name in it holds a NUL.
    """
    rest = [("", value)]
    while rest:
        name, part = rest.pop()
        if isinstance(part, str) and "\0" in part:
            raise UsageError(
                f"The {name or 'request'} holds a NUL character.",
                "Remove it.",
            )
        if isinstance(part, dict):
            named = [(str(key), inner) for key, inner in part.items() if key != "decision"]
            rest += [*named, *((f"name in {name}", key) for key, _ in named)]
        elif isinstance(part, list):
            rest += [(name, inner) for inner in part]


def dump_push(push: Push) -> bytes:
    """Write a push as JSON, without a newline."""
    return b'{"push":' + dump(push) + b"}"


def load_push(line: bytes | str) -> Push:
    """Read a push.

    Raises:
        ValueError: it is not in the closed list.
    """
    return load(line, Push)  # type: ignore[no-any-return]
