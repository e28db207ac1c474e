"""What the disk has: told to whoever waits for it, also when several wait, and it fails."""

import asyncio
import errno
import os
import threading
from collections.abc import Awaitable, Callable

import pytest

from parallel_agents.core.errors import StorageError
from parallel_agents.supervisor.base.threads import Threads
from parallel_agents.supervisor.record.syncing import Syncing


class Disk:
    """Hangs until it is let go; then fails, if it is to."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.synced = 0
        self.fails = False
        self.error: Exception = OSError(errno.EIO, os.strerror(errno.EIO))

    def sync(self) -> None:
        """What a session waits for."""
        self.asked.release()
        self.go.acquire()
        if self.fails:
            raise self.error
        self.synced += 1


def _run(check: Callable[[Syncing, Disk], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(30):
            await check(Syncing(Threads(), "test"), Disk())

    asyncio.run(run())


async def _asked(disk: Disk) -> None:
    await asyncio.to_thread(disk.asked.acquire)


def test_nothing_is_waited_for_where_nothing_was_written() -> None:
    async def check(syncing: Syncing, _: Disk) -> None:
        await syncing.settled()

    _run(check)


def test_what_was_written_while_the_disk_was_asked_is_asked_for_anew() -> None:
    async def check(syncing: Syncing, disk: Disk) -> None:
        syncing.owe("a", disk.sync)
        first = asyncio.create_task(syncing.settled())
        await _asked(disk)
        joins = asyncio.create_task(syncing.settled())  # nothing more was written
        await asyncio.sleep(0)
        syncing.owe("a", disk.sync)
        syncing.owe("a", disk.sync)
        second = asyncio.create_task(syncing.settled())
        disk.go.release()
        await asyncio.gather(first, joins)
        await _asked(disk)
        assert not second.done()
        disk.go.release()
        await second
        assert disk.synced == 2
        await syncing.settled()

    _run(check)


def test_everybody_who_waits_is_told_of_a_failure_and_nobody_else() -> None:
    async def check(syncing: Syncing, disk: Disk) -> None:
        disk.fails = True
        syncing.owe("a", disk.sync)
        waits = [asyncio.create_task(syncing.settled()) for _ in range(3)]
        await _asked(disk)
        waits.append(asyncio.create_task(syncing.settled()))
        await asyncio.sleep(0)
        disk.go.release()
        said = await asyncio.gather(*waits, return_exceptions=True)
        assert all(isinstance(each, StorageError) for each in said)
        assert "Input/output error" in str(said[0])
        disk.fails = False
        syncing.owe("a", disk.sync)
        disk.go.release()
        await syncing.settled()
        assert disk.synced == 1

    _run(check)


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (OSError(errno.EIO, "Input/output error"), "storage", "Input/output error"),
        (OSError(errno.EMFILE, "Too many open files"), "exhausted", "Too many open files"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "exhausted", "Cannot allocate memory"),
        (ValueError("unforeseen"), "storage", "ValueError('unforeseen')"),
    ],
    ids=["disk", "descriptors", "memory", "unforeseen"],
)
def test_the_disk_is_blamed_for_its_own_failures_only(
    error: Exception, kind: str, said: str
) -> None:
    async def check(syncing: Syncing, disk: Disk) -> None:
        disk.fails, disk.error = True, error
        syncing.owe("a", disk.sync)
        disk.go.release()
        with pytest.raises(StorageError) as caught:
            await syncing.settled()
        assert caught.value.kind == kind
        assert said in caught.value.message
        assert caught.value.hint

    _run(check)


def test_nothing_is_synced_that_nobody_waits_for() -> None:
    """An agent that talks while the disk is asked makes work for nobody."""

    async def check(syncing: Syncing, disk: Disk) -> None:
        syncing.owe("a", disk.sync)
        first = asyncio.create_task(syncing.settled())
        await _asked(disk)
        syncing.owe("a", disk.sync)
        disk.go.release()
        await first
        await syncing.close()
        assert disk.synced == 1
        syncing.owe("a", disk.sync)
        disk.go.release()
        await syncing.settled()
        assert disk.synced == 2

    _run(check)


def test_closing_waits_for_all_that_somebody_waits_for() -> None:
    async def check(syncing: Syncing, disk: Disk) -> None:
        asked = []
        for _ in range(2):
            syncing.owe("a", disk.sync)
            asked.append(asyncio.create_task(syncing.settled()))
            await asyncio.sleep(0)
        await _asked(disk)
        syncing.owe("a", disk.sync)
        asked.append(asyncio.create_task(syncing.settled()))
        await asyncio.sleep(0)
        closing = asyncio.create_task(syncing.close())
        await asyncio.sleep(0)
        assert not closing.done()
        disk.go.release()
        disk.go.release()
        await asyncio.gather(*asked, closing)
        assert disk.synced == 2
        syncing.owe("a", disk.sync)
        await syncing.close()
        assert disk.synced == 2

    _run(check)


def test_whoever_gives_up_takes_the_answer_from_nobody() -> None:
    async def check(syncing: Syncing, disk: Disk) -> None:
        syncing.owe("a", disk.sync)
        gone, stays = (asyncio.create_task(syncing.settled()) for _ in range(2))
        await _asked(disk)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        disk.go.release()
        await stays
        assert disk.synced == 1

    _run(check)
