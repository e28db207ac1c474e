"""Lets Textual's pilot wait for an idle event loop, not for 20 ms of an idle processor.

Keep true: a test that waits for what comes later (a timer, a thread) says so with a condition of
its own; after `pause` the messages that were sent have been taken, and no more than that.
"""

from __future__ import annotations

import asyncio

import pytest
import textual.app
import textual.pilot
import textual.screen

_ROUND_S = 0.001
_QUIET_ROUNDS = 3
_PAINT_S = 0.002


async def until_idle(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Wait until the event loop had nothing to do for some rounds.

    Args:
        min_sleep: not used; the pilot's own signature.
        max_sleep: seconds after which it goes on in any case.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + max_sleep
    quiet = 0
    while quiet < _QUIET_ROUNDS and loop.time() < end:
        await asyncio.sleep(_ROUND_S)
        quiet = 0 if loop._ready else quiet + 1  # type: ignore[attr-defined]


def wait_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use it in the pilot, and paint soon after a change."""
    monkeypatch.setattr(textual.app, "wait_for_idle", until_idle)
    monkeypatch.setattr(textual.pilot, "wait_for_idle", until_idle)
    monkeypatch.setattr(textual.screen, "UPDATE_PERIOD", _PAINT_S)
