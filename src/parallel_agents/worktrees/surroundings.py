"""Whose environment git runs in: that of the person who asks, not of who started the supervisor.

Keep true: it belongs to one request or session, and goes with it into threads and tasks; where
nobody asks, it is this process's own.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

_CURRENT: ContextVar[Mapping[str, str] | None] = ContextVar("surroundings", default=None)
_REACH = ("SSH_AUTH_SOCK", "SSH_AGENT_PID", "HOME", "PATH")


@contextmanager
def of(environment: Mapping[str, str]) -> Iterator[None]:
    """Run git in somebody's environment for a while.

    Args:
        environment: theirs; an empty one leaves things as they are.

    Yields:
        Nothing; threads and tasks that are started meanwhile keep it.
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
    """Give the environment that git is to run in."""
    found = _CURRENT.get()
    return os.environ if found is None else found


def reach() -> tuple[str, ...]:
    """Give what decides which remotes answer: keys, programs and proxies of this environment."""
    environment = current()
    proxies = sorted(name for name in environment if name.lower().endswith("_proxy"))
    return tuple(f"{name}={environment.get(name, '')}" for name in (*_REACH, *proxies))
