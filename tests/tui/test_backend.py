"""The screen's line to the supervisor: whatever goes wrong is said, and it is tried again."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

import pytest

from parallel_agents.core.errors import InternalError, UserError
from parallel_agents.tui.model import backend
from parallel_agents.tui.model.backend import Backend
from parallel_agents.wire.pushes import Push, ReadyPush
from parallel_agents.wire.request import Done, Request

R = TypeVar("R")


class OnePush:
    """A connection that sends one push, and then stays open."""

    async def request(self, message: Request[R]) -> R:
        """Answer a subscription."""
        return Done()  # type: ignore[return-value]

    async def pushes(self) -> AsyncIterator[Push]:
        """Send one."""
        yield ReadyPush(sessions=())
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Nothing is open."""


class Clumsy:
    """Fails at the first push, and takes note of what it is told."""

    def __init__(self) -> None:
        self.errors: list[UserError] = []
        self.pushed_twice = asyncio.Event()
        self._pushes = 0

    def connected(self) -> None:
        """Fine."""

    def disconnected(self, error: UserError) -> None:
        """Take note."""
        self.errors.append(error)

    def pushed(self, push: Push) -> None:
        """Fail once."""
        self._pushes += 1
        if self._pushes == 1:
            raise ValueError(f"unforeseen {push.type}")
        self.pushed_twice.set()


async def test_a_fault_of_ours_is_said_and_it_connects_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARALLEL_AGENTS_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(backend, "FIRST_PAUSE", 0.01)
    listener = Clumsy()

    async def connect() -> OnePush:
        return OnePush()

    task = asyncio.create_task(Backend(connect, listener).run())
    try:
        async with asyncio.timeout(20):
            await listener.pushed_twice.wait()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    assert isinstance(listener.errors[0], InternalError)
    assert "screen.log" in listener.errors[0].hint
    assert "unforeseen" in (tmp_path / "state/screen.log").read_text()


class Severed(OnePush):
    """A connection that is lost when time has passed."""

    def __init__(self, clock: list[float], lasts: float) -> None:
        self._clock = clock
        self._lasts = lasts

    async def pushes(self) -> AsyncIterator[Push]:
        """Send one, and end."""
        yield ReadyPush(sessions=())
        self._clock[0] += self._lasts


class Deaf:
    """Takes no note of anything."""

    def connected(self) -> None:
        """Fine."""

    def disconnected(self, error: UserError) -> None:
        """Fine."""

    def pushed(self, push: Push) -> None:
        """Fine."""


@pytest.mark.parametrize(("lasts", "paused"), [(2.0, False), (0.5, True)])
async def test_a_steady_supervisor_that_is_lost_is_called_again_at_once(
    lasts: float, paused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, pauses, steps = [0.0], list[float](), list[str]()
    enough = asyncio.Event()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        enough.set()
        await asyncio.Event().wait()

    async def connect() -> OnePush:
        steps.append("connect")
        if len(steps) == 3:
            enough.set()
            return OnePush()
        return Severed(clock, lasts)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    task = asyncio.create_task(Backend(connect, Deaf(), lambda: clock[0]).run())
    try:
        async with asyncio.timeout(20):
            await enough.wait()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    assert pauses == ([backend.FIRST_PAUSE] if paused else [])
    assert len(steps) == (1 if paused else 3)
