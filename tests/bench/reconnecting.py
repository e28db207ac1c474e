"""A supervisor is killed under an open screen: until a message typed there is answered."""

from __future__ import annotations

import argparse
import os
import re
import signal
import time

from tests.bench.beside import OURS, Row, quiet_sessions, row
from tests.bench.commands import IMPORTS
from tests.bench.measure import command, in_turn, timed
from tests.bench.screen import Terminal
from tests.support.world import World

_STEADY = 3.0
"""Seconds that a supervisor has been there before it is killed."""


def reconnecting(args: argparse.Namespace) -> list[Row]:
    """With 20 sessions, one of them opened; the message is sent as soon as it is taken."""
    with World() as world:
        world.trust()
        quiet_sessions(world, 20)
        with Terminal(OURS, world.repo, world.env) as terminal:
            terminal.until(rb"s\d+")
            terminal.watch(3)
            terminal.press(b"\x1b[B")
            terminal.until(rb"reply to s\d+")
            terminal.watch(1)
            terminal.press(b"\r")
            terminal.watch(1)
            took = in_turn(
                {
                    "ours": lambda: _until_answered(world, terminal),
                    "imports": timed(command(IMPORTS, world.repo, world.env)),
                }
            )
    name = "supervisor killed -> message typed in the screen answered, ms"
    return [row(name, took["ours"], took["imports"], "", "500")]


def _until_answered(world: World, terminal: Terminal) -> float:
    terminal.watch(_STEADY)
    pid = world.supervisor_pid()
    assert pid is not None
    word = f"w{time.monotonic_ns()}".encode()
    terminal.press(b"echo " + word)
    terminal.watch(0.5)
    began = time.perf_counter()
    os.kill(pid, signal.SIGKILL)
    seen = b""
    # What it says in answer is the word at the beginning of a line; the prompt has “echo” before.
    answered = re.compile(rb"(?<!echo )" + word)
    while not answered.search(seen):
        assert time.perf_counter() - began < 30, seen[-2000:]
        terminal.press(b"\r")
        seen += terminal.read_for(0.05)
    return (time.perf_counter() - began) * 1000
