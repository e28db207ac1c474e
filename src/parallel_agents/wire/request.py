"""The base of all requests of clients, with the types of their replies.

Keep true: the type of the reply is part of the request's own type, so that both ends and all tests
use the same one. A request that changes something has `key`, a uuid that the client makes: a second
request with the same key gets the first reply, and does nothing again.
"""

from functools import cache
from typing import Any, Generic, TypeVar, get_args

from parallel_agents.core.value import Tagged, Value

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Request(Tagged, Generic[R_co]):
    """A client's request, whose reply is an `R_co`."""


class Done(Value):
    """The reply of a request that was carried out and returns nothing."""


def reply_kind(message: Request[R]) -> type[R]:
    """Return the type of the reply to a request."""
    return _reply_kind(type(message))  # type: ignore[no-any-return]


@cache
def _reply_kind(kind: type[Request[Any]]) -> Any:  # noqa: ANN401 - a class
    # `class Show(Request[SessionRow])` keeps its type argument here; msgspec does not use it.
    (base,) = (base for base in kind.__orig_bases__ if get_args(base))  # type: ignore[attr-defined]
    return get_args(base)[0]
