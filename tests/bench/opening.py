"""From a command in a terminal until its first paint, in turn with others that do the same."""

from __future__ import annotations

import argparse
import sys

from parallel_agents.client.identity import SWITCH
from parallel_agents.wire.endpoint import standby_socket
from tests.bench.beside import OURS, Row, real_claude, row
from tests.bench.journals import write_sessions
from tests.bench.measure import in_turn
from tests.bench.screen import MINIMAL, Terminal, first_paint
from tests.support.world import World, wait_until

_LIST = rb"s\d\d"


def opening(args: argparse.Namespace) -> list[Row]:
    """The first paint with 100 sessions, beside a minimal Textual screen and `claude agents`."""
    minimal = (sys.executable, "-I", "-c", MINIMAL)
    with real_claude(wanted=args.claude) as claude, World() as world:
        write_sessions(world, 100, args.events, args.events)
        world.wait_ready(world.start_supervisor())
        warm = world.env | {SWITCH: "on"}
        _start_standby(world, warm)
        works = {
            "floor": lambda: first_paint(minimal, world.repo, world.env, b"painted"),
            "cold": lambda: first_paint(OURS, world.repo, world.env, _LIST),
            "warm": lambda: first_paint(OURS, world.repo, warm, _LIST),
        }
        if claude is not None:
            theirs = (claude.program, "agents")
            works["claude"] = lambda: first_paint(theirs, claude.repo, claude.env, b"Claude Code")
        took = in_turn(works)
    name, floor, beside = "first paint with 100 sessions", took["floor"], took.get("claude", "")
    aim = "x 1.5 of floor, x 1 of claude"
    return [
        row(f"{name}, ms", took["cold"], floor, beside, aim),
        row("the same by a standby, ms", took["warm"], floor, beside, aim),
    ]


def _start_standby(world: World, env: dict[str, str]) -> None:
    """Open and close a screen once, which leaves a standby."""
    with Terminal(OURS, world.repo, env) as terminal:
        terminal.until(_LIST)
        wait_until(standby_socket(world.state).exists)
