"""What a request is: a question of a client, and the kind of its answer.

Keep true: the kind of the answer is part of the request's own type, so that both ends and every
test read the same one; a request that changes something carries `key`, a uuid made by the client:
the same key again gets the first answer and acts no second time.
"""

from functools import cache
from typing import Any, Generic, TypeVar, get_args

from parallel_agents.core.value import Tagged, Value

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Request(Tagged, Generic[R_co]):
    """A question of a client, answered with an `R_co`."""


class Done(Value):
    """There is nothing to tell but that it is done."""


def reply_kind(message: Request[R]) -> type[R]:
    """The kind of value that answers a request."""
    return _reply_kind(type(message))  # type: ignore[no-any-return]


@cache
def _reply_kind(kind: type[Request[Any]]) -> Any:  # noqa: ANN401 - a class
    # `class Show(Request[SessionRow])` keeps its argument here; msgspec itself does not ask for it.
    (base,) = (base for base in kind.__orig_bases__ if get_args(base))  # type: ignore[attr-defined]
    return get_args(base)[0]
