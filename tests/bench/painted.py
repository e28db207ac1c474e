"""What a person sees while 20 agents write: lines painted, and keys painted."""

from __future__ import annotations

import json
import re
import time

from parallel_agents.core.ids import new_uuid
from parallel_agents.wire.messages import Send
from tests.bench.screen import Terminal
from tests.support.world import World

LINE = re.compile(r"line (\d+)")
_SIGNS = range(0x4E00, 0x4E80)
"""Signs that no agent writes, so that a painted one is the key's."""


def stamps(world: World, session: str) -> dict[int, int]:
    """When each numbered line came to the shim, in ms since 1970, from the raw log."""
    found: dict[int, int] = {}
    for line in (world.session_dir(session) / "runs/1/out.log").read_text().splitlines():
        at, _, text = line.partition(" ")
        if '"text_delta"' in text:
            said = json.loads(text)["event"]["delta"]["text"]
            found |= {int(number): int(at) for number in LINE.findall(said)}
    return found


def while_all_write(
    world: World, terminal: Terminal, sessions: list[str], seconds: int
) -> tuple[list[float], list[float]]:
    """Let every session write 50 lines a second; look and type meanwhile.

    Args:
        world: whose sessions.
        terminal: the screen, on the first session, its input chosen.
        sessions: all of them.
        seconds: how long they write.

    Returns:
        Milliseconds from a line at the shim until it was painted, for every line that was; and
        from a key press until its sign was painted.
    """
    for session in sessions:
        world.ask(Send(key=new_uuid(), session=session, text=f"stream {seconds * 50} 50"))
    painted: dict[int, float] = {}
    _look(terminal, painted, seconds / 2)
    keys: list[float] = []
    ends = time.monotonic() + seconds / 2
    for code in _SIGNS:
        if time.monotonic() > ends:
            break
        sign = chr(code).encode()
        began = time.perf_counter()
        terminal.press(sign)
        terminal.until(sign)
        keys.append((time.perf_counter() - began) * 1000)
        terminal.watch(0.1)
    arrived = stamps(world, sessions[0])
    return [painted[n] - arrived[n] for n in painted if n in arrived], keys


def _look(terminal: Terminal, painted: dict[int, float], seconds: float) -> None:
    """Note when each line is painted first."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        data = terminal.read_some(0.5)
        now = time.time() * 1000
        for number in LINE.findall(data.decode("utf-8", "replace")):
            painted.setdefault(int(number), now)
