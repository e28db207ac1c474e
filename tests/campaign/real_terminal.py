"""Bytes that no person typed, through a real terminal device, into the whole screen.

Keep true: what is sent, the device, the thread that reads it and the screen are the real ones; each
batch has a seed of its own, which is noted with whatever went wrong in it; after each batch a typed
key still decides, and what it decides is counted apart from what the bytes decided; the totals are
told after each batch, so that a run that is stopped says something, too.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parallel_agents.tui.terminal.terminal_input import BURST
from tests.tui.answers import hostile, reads
from tests.tui.on_terminal import Screen

BATCH = 1_000
RESTS = 0.04
"""Share of strings behind which nothing comes for a while, so that nothing hides their last key."""

DEADLINE = 300.0
"""Seconds a screen may take to handle a batch, or a key: a busy machine is slow, not deaf."""

MARK = b"\x1b[24~"
"""F12: the screen of the harness notes it, so that whatever was sent before has been handled."""

Strings = Callable[[random.Random], list[bytes]]


@dataclass
class Outcome:
    """What a run came to.

    Attributes:
        strings: how many were sent.
        sent: bytes of them.
        checks: requests that were decided by the key typed after a batch, as they must be.
        quits: batches that ended the screen as Ctrl+Q does, without a fault.
        torn: strings whose parts this process sent too late, as it was held: its last key is then
            as one that a person typed.
        unsure: requests decided in batches with torn strings, at most one for each of them.
        decisions: requests that were decided by the other strings.
        tracebacks: batches in which one was printed or logged, or that ended the screen otherwise.
        deaf: batches after which no typed key decided.
    """

    strings: int = 0
    sent: int = 0
    checks: int = 0
    quits: int = 0
    torn: int = 0
    unsure: int = 0
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


def _hostile(rng: random.Random) -> list[bytes]:
    return reads(rng, hostile(rng))


def campaign(seed: int, strings: int, made: Strings = _hostile) -> Outcome:
    """Send hostile strings to a screen with a card in the focus.

    Args:
        seed: of the first batch; the next ones count on from it.
        strings: how many.
        made: makes one, cut into what the screen reads at once.

    Returns:
        What it came to.
    """
    outcome = Outcome()
    with tempfile.TemporaryDirectory() as place:
        number = 0
        while outcome.strings < strings:
            with ExitStack() as stack:
                screen = stack.enter_context(_screen(Path(place) / f"log{number}"))
                sound = True
                while sound and outcome.strings < strings:
                    count = min(BATCH, strings - outcome.strings)
                    sound = _batch(screen, seed + number, count, outcome, made)
                    number += 1
                    print(f"  after seed {seed + number - 1}: {outcome.figures()}", file=sys.stderr)
    return outcome


def _screen(log: Path) -> Screen:
    return Screen(log, TEST_ASK_AGAIN="1", EDITOR="true", SHELL="/bin/true")


def _batch(screen: Screen, seed: int, strings: int, outcome: Outcome, made: Strings) -> bool:
    """Send some, then look what they did; whether the screen can take more."""
    rng, before, torn = random.Random(seed), len(screen.decided), outcome.torn
    listens = _sent(screen, rng, strings, outcome, made) and _handled(screen)
    wrong = screen.decided[before:]
    checked = listens and _typed(screen)
    typed = screen.decided[before + len(wrong) :]
    if typed[:1] == ["decided allow once"]:
        outcome.checks += 1
        typed = typed[1:]
    wrong += typed
    gone = screen.process.poll() is not None
    raised = _raised(screen)
    deaf = not (checked or gone or raised)
    unsure = min(len(wrong), outcome.torn - torn)
    outcome.unsure += unsure
    outcome.decisions += len(wrong) - unsure
    outcome.tracebacks += raised
    outcome.quits += gone and not raised
    outcome.deaf += deaf
    if wrong or raised or deaf:
        outcome.notes.append(f"seed {seed}: {wrong} unsure {unsure} raised {raised} deaf {deaf}")
    screen.printed = b""
    return checked and not raised


def _sent(
    screen: Screen, rng: random.Random, strings: int, outcome: Outcome, made: Strings
) -> bool:
    """Send strings, while somebody reads them; whether all went out."""
    for _ in range(strings):
        began, torn = float("inf"), False
        for part in made(rng):
            before, began = began, time.monotonic()
            if not _gets(screen, part):
                return False
            torn = torn or time.monotonic() - before >= BURST
            outcome.sent += len(part)
        outcome.torn += torn
        outcome.strings += 1
        screen.look(rng.uniform(0.031, 0.1) if rng.random() < RESTS else 0)
    screen.look(1.5)
    return True


def _gets(screen: Screen, data: bytes) -> bool:
    """Send something to a screen that still runs."""
    if screen.process.poll() is not None:
        return False
    try:
        screen.send(data, DEADLINE)
    except AssertionError:
        return False
    return True


def _raised(screen: Screen) -> bool:
    log = Path(f"{screen.log}-state") / "screen.log"
    said = log.read_text() if log.exists() else ""
    code = screen.process.poll()
    return bool(code) or b"Traceback" in screen.printed or "Traceback" in said


def _marks(screen: Screen) -> int:
    return screen.lines.count("mark")


def _handled(screen: Screen) -> bool:
    """Wait until what was sent was handled; twice, for what it had put off."""
    return _marked(screen) and _marked(screen)


def _marked(screen: Screen) -> bool:
    """Wait until the screen notes a key that decides nothing; an open sequence may eat some."""
    seen, end = _marks(screen), time.monotonic() + DEADLINE
    while time.monotonic() < end and _gets(screen, MARK):
        again = min(time.monotonic() + 1.0, end)
        while time.monotonic() < again and screen.process.poll() is None:
            screen.look(0.05)
            if _marks(screen) > seen:
                return True
    return False


def _typed(screen: Screen) -> bool:
    """Whether the key that allows does so when it is typed: one at a time, until one has."""
    decided, end = len(screen.decided), time.monotonic() + DEADLINE
    while time.monotonic() < end and _gets(screen, b"y"):
        rest = time.monotonic() + 0.3
        while time.monotonic() < rest:
            screen.look(0.05)
        if not _handled(screen):
            return False
        if screen.decided[decided:]:
            return True
    return False
