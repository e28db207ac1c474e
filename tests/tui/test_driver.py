"""What the driver hands on of what was read; what it does to a terminal is in `end_to_end`."""

import time

import pytest
from textual import events
from textual.app import App
from textual.message import Message

from parallel_agents.tui.terminal.terminal_driver import LATE, TerminalDriver
from parallel_agents.tui.terminal.terminal_input import Swallowed, TerminalInput


class Heard(TerminalDriver):
    """Notes what is handed on."""

    def __init__(self) -> None:
        self.heard: list[Message] = []
        super().__init__(App[None]())

    def process_message(self, message: Message) -> None:
        """Note it."""
        self.heard.append(message)


@pytest.mark.parametrize("data", [b"\x1b]11;rgb:1a/1a/1a\x1b\\", b"zz", b"\x1b[?1;2c"])
async def test_what_comes_late_makes_a_key_beside_it_one_that_nobody_typed(data: bytes) -> None:
    """Another program had the terminal; its answers are dropped, but not forgotten."""
    driver, terminal = Heard(), TerminalInput()
    now = time.monotonic()
    driver._late_until, driver._late_limit = now + LATE, now + 1
    driver._take(terminal.feed(data, now))
    driver._take(terminal.feed(b"y", now + 0.001))
    kinds = [type(message) for message in driver.heard]
    assert kinds[-1] is events.Key
    assert set(kinds[:-1]) == {Swallowed}
