"""Requests and pushes to JSON and back, for the ends that have pydantic loaded."""

from functools import cache
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from parallel_agents.core.codec import dump_json
from parallel_agents.core.errors import UsageError
from parallel_agents.wire.messages import Request
from parallel_agents.wire.pushes import Push


@cache
def _requests() -> TypeAdapter[Request]:
    return TypeAdapter(Annotated[Request, Field(discriminator="type")])


@cache
def _pushes() -> TypeAdapter[Push]:
    return TypeAdapter(Push)


def load_request(value: object) -> Request:
    """Read a request.

    Raises:
        UsageError: when it is none of the closed list.
    """
    try:
        return _requests().validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"not a request this supervisor knows: {where}: {first['msg']}") from None


def refuse_nul(value: object) -> None:
    """Refuse texts that could never be handed to a program: NUL ends arguments and variables.

    Args:
        value: a request as it came; its decision reaches the agent as JSON, and may hold any.

    Raises:
        UsageError: one holds a NUL.
    """
    rest = [("", value)]
    while rest:
        name, part = rest.pop()
        if isinstance(part, str) and "\0" in part:
            raise UsageError(
                f"The {name or 'request'} holds a NUL character.",
                "Leave it out.",
            )
        if isinstance(part, dict):
            named = [(str(key), inner) for key, inner in part.items() if key != "decision"]
            rest += [*named, *((f"name in {name}", key) for key, _ in named)]
        elif isinstance(part, list):
            rest += [(name, inner) for inner in part]


def dump_push(push: Push) -> bytes:
    """Write a push as JSON, without a newline."""
    return b'{"push":' + dump_json(_pushes(), push) + b"}"


def to_json(value: Any) -> Any:  # noqa: ANN401 - any dataclass of ours to plain JSON values
    """Turn a value of ours into plain JSON values."""
    return TypeAdapter(type(value)).dump_python(value, mode="json")
