"""Every property test of the suite on 2,000 examples: those of the profile `deep`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
_SHOWN_LINES = 200


@dataclass(slots=True)
class Outcome:
    """What they came to.

    Attributes:
        seed: what makes the same examples again.
        counts: tests by outcome.
        notes: what failed, with how to try it again.
    """

    seed: int
    counts: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def faults(self) -> dict[str, int]:
        """What must not have happened."""
        return {name: count for name, count in self.counts.items() if name != "passed"}

    def figures(self) -> dict[str, Any]:
        """What was done."""
        return {"seed": self.seed, **self.counts}


def run(seed: int) -> Outcome:
    """Run them.

    Args:
        seed: of Hypothesis.
    """
    options = ["-m", "hypothesis", f"--hypothesis-seed={seed}", "-n", "2", "--timeout=0", "-rfE"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=_ROOT,
        env={**os.environ, "PA_EXAMPLES": "deep"},
        capture_output=True,
        check=False,
    )
    text = (done.stdout + done.stderr).decode("utf-8", "replace")
    outcome = Outcome(seed, counts(text))
    if done.returncode != 0:
        outcome.counts.setdefault("failed", 1)
        outcome.notes = text.splitlines()[-_SHOWN_LINES:]
        outcome.notes.append(f"again: PA_EXAMPLES=deep {sys.executable} -m pytest {options[2]}")
    return outcome


def counts(text: str) -> dict[str, int]:
    """Read pytest's last line.

    Args:
        text: what it wrote.

    Returns:
        Tests by outcome, without those that were not asked for or skipped.
    """
    last = [line for line in text.splitlines() if re.search(r" in [0-9.]+s", line)][-1:]
    found = re.findall(r"(\d+) (passed|failed|errors?)", last[0]) if last else []
    return {name: int(count) for count, name in found}
