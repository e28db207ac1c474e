"""Calls something once, after a while, without fail."""

import asyncio
from collections.abc import Callable

from textual.message_pump import MessagePump


def once_after(
    pump: MessagePump, seconds: float, callback: Callable[[], object]
) -> asyncio.TimerHandle:
    """Let a widget, screen or application call something, once; `cancel` calls it off.

    Textual 8's `set_timer` can lose its callback: its task works out the time that is due and looks
    at the clock again at once, and when the machine was busy for that long in between, it skips the
    only tick that there is (`Timer._run`). A screen that waits for such a tick to paint never
    paints again.

    Args:
        pump: who calls; nothing is called once it is closed.
        seconds: how long to wait.
        callback: what to call.
    """

    def call() -> None:
        if pump.is_running:
            pump.call_next(callback)

    return asyncio.get_running_loop().call_later(seconds, call)
