"""Bytes that no person typed, into the screen's input with a card in the focus.

Keep true: the parts between terminal and decision are the real ones (`TerminalInput`, `KeyQueue`,
`Card`); only the clock and the widgets are the harness's, so that a million strings take minutes.
"""

from __future__ import annotations

import heapq
import inspect
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

from textual import events
from textual.app import App

from parallel_agents.core.ids import digest
from parallel_agents.tui.model.key_table import USUAL
from parallel_agents.tui.model.request_card import Card
from parallel_agents.tui.terminal.key_queue import KeyQueue
from parallel_agents.tui.terminal.modes import Modes
from parallel_agents.tui.terminal.terminal_input import (
    BURST,
    Quiet,
    Rested,
    Swallowed,
    TerminalInput,
)
from tests.support.facts import facts_of
from tests.support.told import pending
from tests.tui.answers import hostile, reads

GAP = 0.8 * BURST
"""Seconds between two reads of one string, at most."""

REST = 4.0
"""Seconds after a string: longer than anything that is begun may take."""


@dataclass
class Outcome:
    """What a run came to.

    Attributes:
        strings: how many were sent.
        sent: bytes of them.
        keys: keys that reached the card nevertheless; they scroll, or mean nothing to it.
        decisions: requests that were decided by them.
        raised: strings on which something raised.
        deaf: strings after which a typed key did not arrive.
    """

    strings: int = 0
    sent: int = 0
    keys: int = 0
    decisions: int = 0
    raised: int = 0
    deaf: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def faults(self) -> dict[str, int]:
        """The figures that must be 0 and are not."""
        counted = {"decisions": self.decisions, "raised": self.raised, "deaf": self.deaf}
        return {name: count for name, count in counted.items() if count}

    def figures(self) -> dict[str, Any]:
        """For the table and the JSON."""
        return {name: value for name, value in vars(self).items() if name != "notes"}


class Deciding(Modes):
    """Letters decide."""

    def commanding(self) -> bool:
        """Everywhere."""
        return True

    def alone(self, character: str) -> bool:
        """Only a letter pressed by itself."""
        return character in USUAL.deciding


class Stage:
    """An application in which a card has the focus, and a clock."""

    def __init__(self) -> None:
        self.now = 100.0
        self.pressed: list[str] = []
        self._timers: list[tuple[float, int, Callable[[], Any]]] = []
        self._made = 0
        self.focused = SimpleNamespace(ancestors_with_self=[])
        self.screen = SimpleNamespace()
        self.is_running = True
        self.input = TerminalInput(0.1)
        app, modes = cast("App[None]", self), Deciding()
        self.keys = KeyQueue(app, self._give, lambda _: True, lambda: modes, typed=True)

    def set_timer(self, delay: float, callback: Callable[[], Any]) -> SimpleNamespace:
        """As an application does."""
        self._made += 1
        entry = (self.now + delay, self._made, callback)
        heapq.heappush(self._timers, entry)
        return SimpleNamespace(
            stop=lambda: self._timers.remove(entry) if entry in self._timers else None
        )

    def call_later(self, callback: Callable[..., Any], *args: object) -> bool:
        """At once: nothing else is waiting."""
        run(callback(*args))
        return True

    async def _give(self, event: events.Event, _: object) -> None:
        if isinstance(event, events.Key):
            self.pressed.append(event.key)

    def read(self, data: bytes) -> None:
        """The terminal sends bytes."""
        self._take(self.input.feed(data, self.now))

    def pass_(self, seconds: float) -> None:
        """Let time pass, and do what is due."""
        end = self.now + seconds
        while True:
            tick = self.input.deadline
            timer = self._timers[0][0] if self._timers else None
            due = min((at for at in (tick, timer) if at is not None), default=end + 1)
            if due > end:
                break
            self.now = max(self.now, due)
            if tick == due:
                self._take(self.input.tick(self.now))
            else:
                run(heapq.heappop(self._timers)[2]())
        self.now = end

    def _take(self, made: list[Any]) -> None:
        for event in made:
            if isinstance(event, Swallowed):
                self.keys.swallowed(event)
            elif isinstance(event, Quiet):
                run(self.keys.quiet())
            elif isinstance(event, Rested):
                run(self.keys.rested())
            elif isinstance(event, events.Key | events.Paste):
                run(self.keys.take(event))


def run(result: Any) -> None:
    """Run a coroutine that waits for nothing but its turn."""
    if not inspect.iscoroutine(result):
        return
    try:
        while True:
            result.send(None)
    except StopIteration:
        return


def card(clock: Callable[[], float]) -> Card:
    """A card that takes keys."""
    given = {"command": "make all"}
    made = Card(clock)
    request = pending(
        "r", kind="permission", tool_name="Bash", input=given, digest=digest(given),
        suggestions=RULES,
    )  # fmt: skip
    made.show(facts_of(id="s", liveness="alive", requests=(request,)))
    made.painted(made.identity)
    return made


RULES = ({"type": "addRules", "behavior": "allow", "rules": [{"toolName": "Bash"}]},)


def campaign(seed: int, strings: int) -> Outcome:
    """Send hostile strings, each with a card in the focus.

    Args:
        seed: of all that is random.
        strings: how many.

    Returns:
        What it came to.
    """
    rng, outcome, stage = random.Random(seed), Outcome(), Stage()
    for number in range(strings):
        made = hostile(rng)
        outcome.strings += 1
        outcome.sent += len(made)
        try:
            _one(stage, rng, made, outcome)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is counted
            outcome.raised += 1
            outcome.notes.append(f"{number}: {made!r} raised {error!r}")
            stage = Stage()
    return outcome


def _one(stage: Stage, rng: random.Random, made: bytes, outcome: Outcome) -> None:
    stage.pressed.clear()
    for part in reads(rng, made):
        stage.read(part)
        stage.pass_(rng.random() * GAP)
    stage.pass_(REST)
    outcome.keys += len(stage.pressed)
    shown = card(lambda: stage.now)
    stage.now += 1
    if any(shown.press(key) is not None for key in stage.pressed):
        outcome.decisions += 1
        outcome.notes.append(f"{made!r} decided: {stage.pressed}")
    stage.pressed.clear()
    stage.read(b"y")
    stage.pass_(1)
    if stage.pressed != ["y"] or shown.press("y") is None:
        outcome.deaf += 1
        outcome.notes.append(f"{made!r}, then y: {stage.pressed}")
