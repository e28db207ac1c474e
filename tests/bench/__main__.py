"""`python -m tests.bench`: the figures of `docs/benchmarks.md`, as a table and as JSON.

Keep true: every line stands beside its floor, measured in the same run; `claude`'s own background
agents are measured where they do the same, in an environment that holds nothing of the user's.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from parallel_agents.client.connection import Connection
from parallel_agents.core.ids import new_uuid
from parallel_agents.wire.messages import Follow, ListSessions, Send, Status, Subscribe
from parallel_agents.wire.pushes import DeltaPush, ReadyPush
from tests.bench.beside import OURS, Row, quiet_sessions, row
from tests.bench.checkout import all_at_once, beside_git
from tests.bench.commands import commands
from tests.bench.crowd import while_many_delete
from tests.bench.journals import write_sessions
from tests.bench.journeys import measure
from tests.bench.listing import filtering, grouping
from tests.bench.measure import cpu_seconds, pss_mb, share
from tests.bench.opening import opening
from tests.bench.painted import stamps, while_all_write
from tests.bench.reconnecting import reconnecting
from tests.bench.screen import Terminal
from tests.support.world import World, report

BARE = ("-I", "-S", "-c", "import signal; signal.pause()")
_SIDEBAR = rb"s\d\d"
_LINE = re.compile(r"line (\d+)\n")


# --- memory and processor -----------------------------------------------------------------


def idle(args: argparse.Namespace) -> list[Row]:
    """Memory of 10 idle sessions, processor time of 50; agents apart."""
    with World() as world:
        world.trust()
        quiet_sessions(world, 10)
        ten = _ours(world)
        memory, bare = pss_mb(ten), _bare_pss(len(ten))
        quiet_sessions(world, 40)
        processes = _ours(world)
        before = cpu_seconds(processes)
        time.sleep(args.seconds)
        used = (cpu_seconds(processes) - before) / args.seconds * 100
        with Terminal(OURS, world.repo, world.env) as terminal:
            terminal.until(_SIDEBAR)
            terminal.watch(3)
            shown = [*processes, terminal.pid]
            before = cpu_seconds(shown)
            terminal.watch(args.seconds)
            watched = (cpu_seconds(shown) - before) / args.seconds * 100
    name = f"50 idle sessions for {args.seconds} s"
    return [
        row("supervisor and 10 shims, PSS in MB", memory, bare, "", "100"),
        row(f"{name}, % of a core", round(used, 2), 0),
        row(f"{name}, screen open and included, % of a core", round(watched, 2), 0, "", "0.5"),
    ]


def _ours(world: World) -> list[int]:
    pid = world.supervisor_pid()
    assert pid is not None
    return [pid, *world.shims().values()]


def _bare_pss(count: int) -> float | None:
    """As many Python processes that do nothing at all."""
    interpreter = getattr(sys, "_base_executable", sys.executable)
    processes = [subprocess.Popen([interpreter, *BARE]) for _ in range(count)]
    try:
        time.sleep(1)
        return pss_mb(process.pid for process in processes)
    finally:
        for process in processes:
            process.kill()
            process.wait()


# --- restart ------------------------------------------------------------------------------


def restart(args: argparse.Namespace) -> list[Row]:
    """From the start of the supervisor until `ls` is answered, with 100 long sessions."""
    events = args.events
    empty = _restarted(0, events, events)
    name = f"restart, 100 sessions of {events:,} events -> ls answered"
    return [
        row(f"{name}, ms", _restarted(100, events, events), empty, "", "2000"),
        row("… after a crash: checkpoints 250 records old", _restarted(100, events, events - 250)),
        row("… 5 of them without any checkpoint, first start", _restarted(5, events, 0, takes=1)),
    ]


def _restarted(sessions: int, events: int, saved_at: int, takes: int = 5) -> float:
    with World() as world:
        write_sessions(world, sessions, events, saved_at)
        times = []
        for _ in range(takes):
            began = time.perf_counter()
            process = world.start_supervisor()
            world.wait_ready(process)
            listed = world.ask(ListSessions(every=True), start=False).sessions
            times.append((time.perf_counter() - began) * 1000)
            assert len(listed) == sessions
            world.kill(process.pid)
    return round(sorted(times)[len(times) // 2], 1)


# --- the screen ---------------------------------------------------------------------------


def screen(args: argparse.Namespace) -> list[Row]:
    """The first screen of a long transcript, with 100 sessions."""
    opened = []
    with World() as world:
        write_sessions(world, 100, args.events, args.events)
        world.wait_ready(world.start_supervisor())
        with Terminal(OURS, world.repo, world.env) as terminal:
            terminal.until(_SIDEBAR)
            terminal.watch(3)
            for _ in range(9):
                began = time.perf_counter()
                terminal.press(b"\x1b[B")
                terminal.until(rb"Part \d+ of s")
                opened.append((time.perf_counter() - began) * 1000)
                terminal.watch(1)
    name = f"another session chosen -> a screen of its {args.events:,} events painted, ms"
    return [row(name, share(opened, 0.5), "", "", "300")]


# --- latency ------------------------------------------------------------------------------


def latency(args: argparse.Namespace) -> list[Row]:
    """From a line's arrival at the shim until a client has it, while 20 agents write."""
    with World() as world:
        world.trust()
        sessions = quiet_sessions(world, 20)
        delays, trips, used = asyncio.run(_listen(world, sessions, args.seconds))
    p50, p95 = share(delays, 0.5), share(delays, 0.95)
    name = "line -> pushed to a client, 20 agents at 50 lines/s"
    floor = share(trips, 0.5)
    return [
        row(f"{name}, p50, ms", p50, floor),
        row(f"{name}, p95, ms", p95, share(trips, 0.95), "", "100 painted"),
        row("the same: supervisor and 20 shims, % of a core", round(used, 1)),
    ]


async def _listen(
    world: World, sessions: list[str], seconds: int
) -> tuple[list[float], list[float], float]:
    """Follow one session of many; its lines, round trips of a still supervisor, processor use."""
    connection = await Connection.open(start=False)
    trips = [await _trip(connection) for _ in range(200)]
    await connection.request(Subscribe())
    await connection.request(Follow(sessions=(sessions[0],)))
    lines = seconds * 50
    for session in sessions:
        key = new_uuid()
        await connection.request(Send(key=key, session=session, text=f"stream {lines} 50"))
    processes = _ours(world)
    before, began = cpu_seconds(processes), time.monotonic()
    seen = await _seen(connection, lines)
    used = (cpu_seconds(processes) - before) / (time.monotonic() - began) * 100
    await connection.close()
    arrived = await asyncio.to_thread(stamps, world, sessions[0])
    return [seen[number] - arrived[number] for number in seen], trips, used


async def _trip(connection: Connection) -> float:
    began = time.perf_counter()
    await connection.request(Status())
    return (time.perf_counter() - began) * 1000


async def _seen(connection: Connection, lines: int) -> dict[int, float]:
    """When each numbered line came, in ms since 1970."""
    seen: dict[int, float] = {}
    async for push in connection.pushes():
        if isinstance(push, ReadyPush):
            seen.clear()
        if isinstance(push, DeltaPush):
            for found in _LINE.finditer(push.delta.text):
                seen[int(found[1])] = time.time() * 1000
        if len(seen) == lines:
            break
    return seen


def painted(args: argparse.Namespace) -> list[Row]:
    """The same until a person sees it: lines and keys on the screen, while 20 agents write."""
    with World() as world:
        world.trust()
        sessions = quiet_sessions(world, 20)
        with Terminal(OURS, world.repo, world.env) as terminal:
            terminal.until(_SIDEBAR)
            terminal.watch(3)
            terminal.press(b"\x1b[B")
            name = terminal.until(rb"reply to s\d+").split()[-1].decode()
            terminal.watch(1)
            terminal.press(b"\t")
            terminal.watch(1)
            shown = sessions[int(name[1:])]
            ordered = [shown, *(s for s in sessions if s != shown)]
            lines, keys = while_all_write(world, terminal, ordered, min(args.seconds, 20))
    name = "line at the shim -> painted, 20 agents at 50 lines/s"
    return [
        row(f"{name}, p50, ms", share(lines, 0.5)),
        row(f"{name}, p95, ms", share(lines, 0.95), "", "", "100"),
        row("key -> painted meanwhile, p50, ms", share(keys, 0.5)),
        row("key -> painted meanwhile, p99, ms", share(keys, 0.99), "", "", "50"),
    ]


# --- worktrees ----------------------------------------------------------------------------


def checkout(args: argparse.Namespace) -> list[Row]:
    """Worktrees at once, and one of a large repository beside `git worktree add`."""
    made, took = all_at_once(64)
    ours, bare, ratio = beside_git(args.files, 5)
    what = f"worktree of {args.files:,} files"
    return [
        row(f"64 worktrees at once in one repository, made, in {took:.1f} s", made, "", "", "64"),
        row(f"{what}, s", round(ours, 2), round(bare, 2)),
        row(f"{what}, ratio to git worktree add", round(ratio, 2), "", "", "1.0"),
    ]


# --- a crowd ------------------------------------------------------------------------------


def crowd(args: argparse.Namespace) -> list[Row]:
    """`ls` while 16 sessions are deleted, 8 made and all compared, in a large repository."""
    with World() as world:
        idle, busy = while_many_delete(world, min(args.files, 20_000), 16, 8)
    name = "ls meanwhile (16 rm, 8 new, doctor --worktrees; 20,000 files), greeting included"
    return [
        row("ls, nothing else, p50, ms", share(idle.ours, 0.5), share(idle.bare, 0.5)),
        row("ls, nothing else, p99, ms", share(idle.ours, 0.99), share(idle.bare, 0.99)),
        row(f"{name}, p50, ms", share(busy.ours, 0.5), share(busy.bare, 0.5)),
        row(f"{name}, p99, ms", share(busy.ours, 0.99), share(busy.bare, 0.99), "", "x 3 of idle"),
        row("the same, slowest, ms", max(busy.ours), max(busy.bare)),
    ]


# --- all ----------------------------------------------------------------------------------

PARTS: dict[str, Callable[[argparse.Namespace], list[Row]]] = {
    "commands": commands,
    "opening": opening,
    "reconnecting": reconnecting,
    "idle": idle,
    "restart": restart,
    "latency": latency,
    "screen": screen,
    "filter": filtering,
    "group": grouping,
    "painted": painted,
    "checkout": checkout,
    "crowd": crowd,
}


def parsed() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part")
    parser.add_argument("--claude", action="store_true", help="beside the real claude")
    parser.add_argument("--seconds", type=int, default=30, help="how long idle and latency last")
    parser.add_argument("--events", type=int, default=10_000, help="length of the long journals")
    parser.add_argument("--journeys", action="store_true", help="keys and seconds of ten journeys")
    parser.add_argument("--journey", action="append", default=[], help="only this journey, by name")
    parser.add_argument("--takes", type=int, default=5, help="how often each journey is made")
    parser.add_argument("--files", type=int, default=50_000, help="of the large repository")
    return parser.parse_args()


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    git = shutil.which("git") or "git"
    head = [git, "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(head, capture_output=True, text=True, check=False).stdout.strip()
    cores = len(os.sched_getaffinity(0))
    return {"commit": commit, "cores": cores, "python": platform.python_version()}


def main() -> int:
    """Measure, and print."""
    args = parsed()
    if args.journeys:
        made = measure(args.takes, args.journey)
        report("journeys", made, {**machine(), "takes": args.takes, "rows": made})
        return 0
    rows: list[Row] = []
    for name, part in PARTS.items():
        if not args.only or name in args.only:
            print(f"measuring {name} …", file=sys.stderr, flush=True)
            rows += part(args)
    report("bench", rows, {**machine(), "rows": rows})
    return 0


if __name__ == "__main__":
    sys.exit(main())
