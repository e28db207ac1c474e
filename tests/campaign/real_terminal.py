"""Bytes that no person typed, through a real terminal device, into the whole screen.

Keep true: what is sent, the device, the thread that reads it and the screen are the real ones; each
batch has a seed of its own, which is noted with whatever went wrong in it; after each batch a typed
key still decides.
"""

from __future__ import annotations

import random
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.tui.answers import hostile, reads
from tests.tui.on_terminal import Screen

BATCH = 1_000
RESTS = 0.04
"""Share of strings behind which nothing comes for a while, so that nothing hides their last key."""

TRIES = 20
"""How often a key is typed after a batch until it decides: a person would press it again, too."""


@dataclass
class Outcome:
    """What a run came to.

    Attributes:
        strings: how many were sent.
        sent: bytes of them.
        decisions: requests that were decided by them.
        tracebacks: batches in which one was printed or logged, or after which the screen was gone.
        deaf: batches after which a typed key did not decide.
    """

    strings: int = 0
    sent: int = 0
    decisions: int = 0
    tracebacks: int = 0
    deaf: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def faults(self) -> dict[str, int]:
        """The figures that must be 0 and are not."""
        names = ("decisions", "tracebacks", "deaf")
        return {name: count for name in names if (count := getattr(self, name))}

    def figures(self) -> dict[str, Any]:
        """For the table and the JSON."""
        return {name: value for name, value in vars(self).items() if name != "notes"}


def campaign(seed: int, strings: int) -> Outcome:
    """Send hostile strings to a screen with a card in the focus.

    Args:
        seed: of the first batch; the next ones count on from it.
        strings: how many.

    Returns:
        What it came to.
    """
    outcome = Outcome()
    with tempfile.TemporaryDirectory() as made:
        number, screen = 0, _screen(Path(made) / "log0")
        try:
            while outcome.strings < strings:
                _batch(screen, seed + number, min(BATCH, strings - outcome.strings), outcome)
                number += 1
                if screen.process.poll() is not None:
                    screen.__exit__(None, None, None)
                    screen = _screen(Path(made) / f"log{number}")
        finally:
            screen.__exit__(None, None, None)
    return outcome


def _screen(log: Path) -> Screen:
    return Screen(log, TEST_ASK_AGAIN="1", EDITOR="true", SHELL="/bin/true")


def _batch(screen: Screen, seed: int, strings: int, outcome: Outcome) -> None:
    """Send some, then look what they did."""
    rng, before = random.Random(seed), len(screen.decided)
    for _ in range(strings):
        made = hostile(rng)
        outcome.strings += 1
        outcome.sent += len(made)
        for part in reads(rng, made):
            screen.send(part)
        screen.look(rng.uniform(0.031, 0.1) if rng.random() < RESTS else 0)
    screen.look(1.5)
    wrong = screen.decided[before:]
    outcome.decisions += len(wrong)
    raised = _raised(screen)
    outcome.tracebacks += raised
    deaf = not raised and not _typed(screen, before + len(wrong))
    outcome.deaf += deaf
    if wrong or raised or deaf:
        outcome.notes.append(f"seed {seed}: {wrong} raised {raised} deaf {deaf}")
    screen.printed = b""


def _raised(screen: Screen) -> bool:
    log = Path(f"{screen.log}-state") / "screen.log"
    said = log.read_text() if log.exists() else ""
    gone = screen.process.poll() is not None
    return gone or b"Traceback" in screen.printed or "Traceback" in said


def _typed(screen: Screen, decided: int) -> bool:
    """Whether the key that allows does so when it is typed."""
    for _ in range(TRIES):
        screen.send(b"y")
        screen.look(0.1)
        screen.look(0.3)
        if screen.decided[decided:]:
            break
    return screen.decided[decided:] == ["decided allow once"]
