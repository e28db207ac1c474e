"""`python -m tests.campaign`: the figures of `docs/reliability.md`, as a table and as JSON."""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

from tests.campaign import (
    histories,
    interleavings,
    kills,
    properties,
    real_terminal,
    shims,
    steps,
    terminal,
    torn,
)
from tests.support.claude import claude_env, claude_program
from tests.support.messages_api import MessagesApi
from tests.support.world import World, report


class Outcome(Protocol):
    """What a part of the campaign came to."""

    @property
    def faults(self) -> dict[str, int]: ...

    def figures(self) -> dict[str, Any]: ...


def demo_kills(args: argparse.Namespace) -> Outcome:
    """Kill the supervisor over sessions of the demo agent."""
    with World() as world:
        plan = kills.Plan(kills=args.kills, sessions=args.sessions, seed=args.seed)
        return said(kills.run(world, plan))


def claude_kills(args: argparse.Namespace) -> Outcome:
    """Kill the supervisor over sessions of the real CLI, which talks to a server of ours."""
    program = str(claude_program())
    with MessagesApi() as api, World() as world:
        hermetic = claude_env(world.root / "claude", api.url)
        kept = {name: value for name, value in hermetic.items() if name not in world.env}
        world.env |= {**kept, "PARALLEL_AGENTS_CLAUDE": program}
        plan = kills.Plan(
            kills=args.claude_kills,
            sessions=min(args.sessions, 3),
            seed=args.seed,
            agent="claude",
            pause=1.0,
        )
        return said(kills.run(world, plan))


def shim_kills(args: argparse.Namespace) -> Outcome:
    """Kill shims."""
    with World() as world:
        world.trust()
        return said(shims.run(world, args.shims))


def torn_journals(args: argparse.Namespace) -> Outcome:
    """Cut journals."""
    with World() as world:
        world.trust()
        session = world.new("echo ready")
        world.wait_state(session, "done")
        rng = random.Random(args.seed)
        return said(torn.restart_on_cuts(world, session, rng, args.cuts))


def failing_steps(args: argparse.Namespace) -> Outcome:
    """Every durable step fails in every way."""
    outcome = steps.Outcome()
    with World() as world:
        steps.prepare(world)
        for point, action in steps.ALL[:: args.every]:
            steps.fail_once(world, point, action, outcome)
    return said(outcome)


def random_steps(args: argparse.Namespace) -> Outcome:
    """Create, delete and restore with kills at random moments."""
    with World() as world:
        steps.prepare(world)
        return said(steps.kill_at_random(world, random.Random(args.seed), args.rounds))


def model(args: argparse.Namespace) -> Outcome:
    """Delete and restore what random histories have left, with kills."""
    return said(histories.run(args.seed, args.histories))


def random_interleavings(args: argparse.Namespace) -> Outcome:
    """Requests, withdrawals, repaints and keys in random order."""
    return said(interleavings.campaign(args.seed, args.interleavings))


def hostile_terminal(args: argparse.Namespace) -> Outcome:
    """Send the screen's input what no person typed."""
    return said(terminal.campaign(args.seed, args.strings))


def deep_properties(args: argparse.Namespace) -> Outcome:
    """Try every property test on many more examples, others each time."""
    return said(properties.run(args.seed))


def terminal_device(args: argparse.Namespace) -> Outcome:
    """Send the whole screen, on a terminal device, what no person typed."""
    return said(real_terminal.campaign(args.seed, args.device_strings))


def said(outcome: Any) -> Outcome:
    """Print what was noticed on the way, and hand the outcome on."""
    for note in outcome.notes[:20]:
        print("  !", note, file=sys.stderr)
    found: Outcome = outcome
    return found


DEEP = {"properties": deep_properties}
"""Parts that only `--deep` has."""
PARTS: dict[str, Callable[[argparse.Namespace], Outcome]] = {
    "supervisor, demo agent": demo_kills,
    "shim": shim_kills,
    "torn journal": torn_journals,
    "failing steps": failing_steps,
    "kills at random steps": random_steps,
    "model": model,
    "interleavings": random_interleavings,
    "hostile terminal": hostile_terminal,
    "hostile terminal device": terminal_device,
    "supervisor, real claude": claude_kills,
}
NIGHTLY = {
    "kills": 200,
    "histories": 300,
    "interleavings": 10_000,
    "strings": 100_000,
    "device_strings": 5_000,
    "shims": 5,
    "cuts": 20,
    "rounds": 10,
}
"""How much of each part `--deep` does beside the properties, unless told otherwise."""


def parsed() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(prog="python -m tests.campaign", description=__doc__)
    parser.add_argument(
        "--deep",
        action="store_true",
        help="a night: property tests with 2,000 examples, then a little of the rest; "
        "another seed each time, which is printed",
    )
    parser.add_argument("--kills", type=int, default=1000, help="of the supervisor, demo agent")
    parser.add_argument("--sessions", type=int, default=5)
    parser.add_argument("--seed", type=int, help="20261121, or any with --deep")
    parser.add_argument("--shims", type=int, default=20, help="kills of shims")
    parser.add_argument("--cuts", type=int, default=50, help="restarts on a cut journal")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="take each N-th step")
    parser.add_argument("--rounds", type=int, default=30, help="sessions killed at random steps")
    parser.add_argument("--histories", type=int, default=10_000, help="of worktrees, in the model")
    parser.add_argument("--interleavings", type=int, default=100_000, help="of requests and keys")
    parser.add_argument("--strings", type=int, default=1_000_000, help="from a hostile terminal")
    parser.add_argument("--device-strings", type=int, default=100_000, help="to a real terminal")
    parser.add_argument("--claude", action="store_true", help="also over the real claude")
    parser.add_argument("--claude-kills", type=int, default=50)
    parts = [*DEEP, *PARTS]
    parser.add_argument("--only", choices=parts, action="append", help="only this part")
    deep = "--deep" in sys.argv
    parser.set_defaults(
        seed=random.SystemRandom().randrange(2**31) if deep else 20261121,
        **(NIGHTLY if deep else {}),
    )
    return parser.parse_args()


def wanted(args: argparse.Namespace) -> dict[str, Callable[[argparse.Namespace], Outcome]]:
    """The parts that were asked for, in order."""
    if args.only:
        return {name: part for name, part in {**DEEP, **PARTS}.items() if name in args.only}
    usual = {n: p for n, p in PARTS.items() if args.claude or p is not claude_kills}
    return {**DEEP, **usual} if args.deep else usual


def main() -> int:
    """Carry the campaign out; 1 when anything is wrong."""
    args = parsed()
    wrong = 0
    print(f"seed: {args.seed}", flush=True)
    for name, part in wanted(args).items():
        began = time.monotonic()
        outcome = part(args)
        wrong += bool(outcome.faults)
        figures = outcome.figures() | {"took_s": round(time.monotonic() - began, 1)}
        print(f"\n{name}: {'WRONG ' + str(outcome.faults) if outcome.faults else 'sound'}")
        report(name, [{"figure": k, "value": v} for k, v in figures.items()], figures)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
