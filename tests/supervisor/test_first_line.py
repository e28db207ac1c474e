"""The first line to an agent, whose shim may refuse a connection."""

from __future__ import annotations

import asyncio
from pathlib import Path

from parallel_agents.supervisor.base.small_files import is_locked
from parallel_agents.supervisor.run.process import Run


class Refused(Run):
    """A run whose shim takes a line only at the third connection."""

    tries = 0

    async def deliver(self, line: str) -> bool:
        self.tries += 1
        return self.tries == 3

    def is_over(self) -> bool:
        return False


class Over(Refused):
    """One that has ended meanwhile."""

    def is_over(self) -> bool:
        return True


async def test_it_is_delivered_on_a_later_connection(tmp_path: Path) -> None:
    run = Refused(tmp_path, tmp_path / "socket", tmp_path / "owner")
    async with asyncio.timeout(10):
        await run.deliver_surely("{}")
    assert run.tries == 3


async def test_it_is_not_delivered_to_a_run_that_is_over(tmp_path: Path) -> None:
    run = Over(tmp_path, tmp_path / "socket", tmp_path / "owner")
    async with asyncio.timeout(10):
        await run.deliver_surely("{}")
    assert run.tries == 1
    assert not is_locked(tmp_path / "lock")
