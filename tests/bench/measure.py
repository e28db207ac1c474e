"""Clocks, memory and processor time of processes; nothing of ours is imported here.

Keep true: a figure is the median of several takes unless it says otherwise; what cannot be read
is None, never 0.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def in_turn(works: Mapping[str, Callable[[], float]], takes: int = 10) -> dict[str, float]:
    """The median of several figures that are taken one after the other, again and again.

    What the machine does meanwhile then strikes all of them alike. The first round is left out.

    Args:
        works: what is measured, by name; each returns its figure.
        takes: how many rounds, beside the first.
    """
    rounds = [{name: work() for name, work in works.items()} for _ in range(takes + 1)]
    return {name: round(statistics.median(r[name] for r in rounds[1:]), 1) for name in works}


def timed(work: Callable[[], object]) -> Callable[[], float]:
    """Make a figure of a piece of work: the milliseconds that it takes."""

    def run() -> float:
        began = time.perf_counter()
        work()
        return (time.perf_counter() - began) * 1000

    return run


def command(words: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Callable[[], object]:
    """A process to be timed from its start to its end; it must succeed."""

    def run() -> None:
        subprocess.run(words, cwd=cwd, env=env, check=True, capture_output=True, timeout=120)

    return run


def share(values: Sequence[float], part: float) -> float:
    """The value below which that part of the values lies."""
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * part))], 1)


def pss_mb(pids: Iterable[int]) -> float | None:
    """Proportional set size of processes in MB; None when one may not be read."""
    total = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            return None
        total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return round(total / 1024, 1)


def cpu_seconds(pids: Iterable[int]) -> float:
    """Processor time that processes have used, their waited-for children apart."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
    return total / TICK
