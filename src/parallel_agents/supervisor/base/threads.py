"""Runs blocking work in five thread pools, so that one kind of work never waits behind another.

Keep true: `quick` takes only work that ends in milliseconds, so that greeting a client and checking
a process never wait for git; `git` answers questions; work that waits for a lock, for the network
or for a disk to be emptied goes to `long`; `disk` writes what nobody waits for, and `sync` waits
for a disk: if the disk hangs, neither takes a thread from the others. All threads exist from the
start, so that a system without threads to spare cannot refuse one in the middle of some work.
"""

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_QUICK = 4
_GIT = 6
_LONG = 16
_DISK = 2
_SYNC = 4
_WARM_SECONDS = 5.0


class Threads:
    """The pools of one supervisor; `warm` starts all their threads, else they start on demand."""

    def __init__(self) -> None:
        self._quick = ThreadPoolExecutor(_QUICK, "quick")
        self._git = ThreadPoolExecutor(_GIT, "git")
        self._long = ThreadPoolExecutor(_LONG, "long")
        self._disk = ThreadPoolExecutor(_DISK, "disk")
        self._sync = ThreadPoolExecutor(_SYNC, "sync")

    def warm(self) -> None:
        """Start every thread now, or as many as the system allows."""
        pools = (
            (self._quick, _QUICK),
            (self._git, _GIT),
            (self._long, _LONG),
            (self._disk, _DISK),
            (self._sync, _SYNC),
        )
        for pool, size in pools:
            together = threading.Barrier(size)
            with contextlib.suppress(RuntimeError):
                for _ in range(size):
                    pool.submit(_meet, together)

    async def quick(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do work that ends in milliseconds: a look at a process, a page of a journal."""
        return await _in(self._quick, partial(function, *args, **kwargs))

    async def git(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask git something."""
        return await _in(self._git, partial(function, *args, **kwargs))

    async def long(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do work that may wait for a repository's lock, the network or a disk."""
        return await _in(self._long, partial(function, *args, **kwargs))

    async def disk(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Write what nobody waits for."""
        return await _in(self._disk, partial(function, *args, **kwargs))

    async def sync(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Write what the user waits for, until it is on the disk."""
        return await _in(self._sync, partial(function, *args, **kwargs))


def _meet(together: threading.Barrier) -> None:
    with contextlib.suppress(threading.BrokenBarrierError):
        together.wait(_WARM_SECONDS)


async def _in(pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    # With the caller's context, because it says in whose environment git runs.
    run = partial(contextvars.copy_context().run, work)
    return await asyncio.get_running_loop().run_in_executor(pool, run)
