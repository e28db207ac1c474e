"""The list of 500 sessions: its first paint, a letter of the filter, the other grouping."""

from __future__ import annotations

import argparse
import time
from statistics import median

from tests.bench.beside import OURS, Row, row
from tests.bench.journals import write_sessions
from tests.bench.screen import Terminal, first_paint
from tests.support.world import World

COUNT = 500
_LIST = rb"s\d\d\d"


def filtering(args: argparse.Namespace) -> list[Row]:
    """From a letter of the filter, or one taken back, until the list without the others."""
    with World() as world:
        _write(world)
        opened = first_paint(OURS, world.repo, world.env, _LIST)
        with Terminal(OURS, world.repo, world.env) as terminal:
            terminal.until(_LIST)
            terminal.watch(3)
            terminal.press(b"/")
            terminal.until(b"typing|filter")
            terminal.press(b"s00012")
            terminal.until(b"10 of 500")
            took = []
            for _ in range(10):
                took.append(_milliseconds(terminal, b"3", b"[^0-9]1 of 500"))
                took.append(_milliseconds(terminal, b"\x7f", b"10 of 500"))
    return [
        row(f"first paint with {COUNT} sessions, ms", round(opened)),
        row(
            f"a letter of the filter with {COUNT} sessions, ms", round(median(took)), "", "", "100"
        ),
    ]


def grouping(args: argparse.Namespace) -> list[Row]:
    """From Ctrl+S until the other groups; it waits 30 ms to be sure that it was pressed alone."""
    with World() as world:
        _write(world)
        with Terminal(OURS, world.repo, world.env) as terminal:
            terminal.until(_LIST)
            terminal.watch(3)
            took = []
            for _ in range(5):
                took.append(_milliseconds(terminal, b"\x13", b"by directory"))
                terminal.watch(1)
                took.append(_milliseconds(terminal, b"\x13", b"by state"))
                terminal.watch(1)
    return [row(f"the other groups with {COUNT} sessions, ms", round(median(took)), "", "", "100")]


def _write(world: World) -> None:
    write_sessions(world, COUNT, 200, 200)
    world.wait_ready(world.start_supervisor())


def _milliseconds(terminal: Terminal, keys: bytes, pattern: bytes) -> float:
    began = time.perf_counter()
    terminal.press(keys)
    terminal.until(pattern)
    return (time.perf_counter() - began) * 1000
