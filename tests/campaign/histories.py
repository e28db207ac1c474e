"""Random histories of worktrees against a model, on all cores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Outcome:
    """What the histories came to.

    Attributes:
        counts: of histories, operations, kills and bytes.
        notes: what was wrong, with the seed to play just that one again.
    """

    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    @property
    def faults(self) -> dict[str, int]:
        """The figures that must be 0 and are not."""
        return {"wrong": len(self.notes)} if self.notes else {}

    def figures(self) -> dict[str, Any]:
        """For the table and the JSON."""
        return {name: n for name, n in self.counts.items() if name != "took_s"}


def run(first: int, count: int) -> Outcome:
    """Play histories.

    Args:
        first: seed of the first.
        count: how many.
    """
    jobs = min(os.cpu_count() or 1, count)
    outcome = Outcome()
    with tempfile.TemporaryDirectory() as top:
        told = [Path(top, f"{job}.json") for job in range(jobs)]
        running = [_started(first + job, first + count - 1, jobs, told[job]) for job in range(jobs)]
        for process in running:
            process.wait()
        for path in told:
            _add(outcome, json.loads(path.read_text()))
    return outcome


def _started(first: int, last: int, step: int, told: Path) -> subprocess.Popen[bytes]:
    words = [str(first), str(last), "--step", str(step), "--said", str(told)]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.worktrees.model", *words], stdout=subprocess.DEVNULL
    )


def _add(outcome: Outcome, result: dict[str, Any]) -> None:
    for failure in result.pop("failures"):
        again = f"python -m tests.worktrees.model {failure['seed']}"
        outcome.notes.append(f"{again}: {failure['wrong']}")
    outcome.counts.update(result)
