"""The environment git runs in: that of whoever asks, not of whoever started the supervisor.

Keep true: it belongs to one request or session, and is passed on to its threads and tasks; if
nobody asks, git uses the environment of this process.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_CURRENT: ContextVar[Mapping[str, str] | None] = ContextVar("surroundings", default=None)
_REACH = ("SSH_AUTH_SOCK", "SSH_AGENT_PID", "HOME", "PATH")


@contextmanager
def of(environment: Mapping[str, str]) -> Iterator[None]:
    """Run git in a caller's environment for a while.

    Args:
        environment: the caller's; an empty one changes nothing.

    Yields:
        Nothing; threads and tasks started meanwhile inherit it.
    """
    if not environment:
        yield
        return
    token = _CURRENT.set(environment)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def current() -> Mapping[str, str]:
    """Return the environment that git has to run in."""
    found = _CURRENT.get()
    return os.environ if found is None else found


def reach() -> tuple[str, ...]:
    """Return what decides which remotes answer: this environment's keys, programs and proxies."""
    environment = current()
    proxies = sorted(name for name in environment if name.lower().endswith("_proxy"))
    return tuple(f"{name}={environment.get(name, '')}" for name in (*_REACH, *proxies))
