"""Commands beside those of `claude` that do the same, taken in turn."""

from __future__ import annotations

import argparse
import sys

from tests.bench.beside import OURS, PASS, Claude, Row, quiet_sessions, real_claude, row
from tests.bench.measure import command, in_turn, timed
from tests.support.world import World

IMPORTS = (sys.executable, "-I", "-c", "import asyncio, json, pydantic, git")
_NEW = (*OURS, "new", "--agent", "demo", "--base", "head", "echo hello")
_LS = (*OURS, "ls", "--json")


def commands(args: argparse.Namespace) -> list[Row]:
    """`ls --json` with some 20 sessions, `new`, and `ls` after the supervisor was killed."""
    with real_claude(wanted=args.claude) as claude, World() as world:
        world.trust()
        quiet_sessions(world, 10)
        pairs = [
            ("ours", _NEW, "bg", ("--bg", "SAY hello")),
            ("ls", _LS, "agents", ("agents", "--json")),
        ]
        begun, listed = (_beside(world, claude, *pair) for pair in pairs)
        back = in_turn(
            {
                "ours": timed(lambda: _killed_then_listed(world)),
                "imports": timed(command(IMPORTS, world.repo, world.env)),
            }
        )
    return [
        row(
            "ls --json, 20 sessions, ms",
            listed["ls"],
            listed["pass"],
            listed.get("agents", ""),
            "x 0.5",
        ),
        row("new returns, ms", begun["ours"], begun["pass"], begun.get("bg", ""), "x 1"),
        row("supervisor killed -> ls answered, 20 sessions, ms", back["ours"], back["imports"]),
    ]


def _beside(
    world: World,
    claude: Claude | None,
    ours: str,
    words: tuple[str, ...],
    theirs: str,
    other: tuple[str, ...],
) -> dict[str, float]:
    """One command of ours, Python that does nothing, and one of `claude`."""
    works = {
        ours: timed(command(words, world.repo, world.env)),
        "pass": timed(command(PASS, world.repo, world.env)),
    }
    if claude is not None:
        works[theirs] = timed(command((claude.program, *other), claude.repo, claude.env))
    return in_turn(works)


def _killed_then_listed(world: World) -> None:
    world.kill_supervisor()
    command(_LS, world.repo, world.env)()
