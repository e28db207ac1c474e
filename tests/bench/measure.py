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


def milliseconds(work: Callable[[], object], takes: int = 11) -> float:
    """The median time of a piece of work, the first take left out.

    Args:
        work: what is timed.
        takes: how often, beside the first.
    """
    times = []
    for _ in range(takes + 1):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(times[1:]), 1)


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
