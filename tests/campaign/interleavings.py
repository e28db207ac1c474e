"""Requests, withdrawals, repaints and keys in random order, against what a person could have seen.

Keep true: the parts between terminal and decision are the real ones (`TerminalInput`, `KeyQueue`,
`Card`), on a simulated clock; the oracle knows only what was on the screen, and when, and which
keys were pressed, and when, and computes from these alone what may have been decided.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any

from textual import events

from parallel_agents.core.ids import digest
from parallel_agents.core.state import Request, SessionState
from parallel_agents.tui.model.key_table import USUAL
from parallel_agents.tui.model.request_card import TOO_EARLY, Card, Identity, Verdict, Wanted
from parallel_agents.tui.terminal.modes import Modes
from tests.campaign.terminal import RULES, Stage
from tests.support.facts import facts_of
from tests.support.told import pending

SESSIONS = ("a", "b")
KEYS = "yyyynnaAN2jk"
GAPS = (0.004, 0.03, 0.09, 0.11, 0.13, 0.2, 0.24, 0.26, 0.4, 0.51, 0.7)
"""Seconds between two steps: on both sides of every limit that the rules have."""

EXPECTED, UNEXPECTED = 0.15, 0.5
"""The rule, in its own figures: how many seconds a request must have stood on the screen when a key
is pressed, if the person brought it up, and if it came by itself."""

BEFORE, AFTER, HELD = 0.25, 0.12, 0.1
"""The other rule: no other letter so many seconds before or after, nor the same one held down."""

EPSILON = 1e-6
MEANT = {"y": ("allow", "once"), "a": ("allow", "session"), "A": ("allow", "repository")}


@dataclass
class Outcome:
    """What a run came to.

    Attributes:
        counts: interleavings, steps, keys, decisions, keys said to be too early and the like.
        wrong: decisions that a person could not have meant, by what is wrong with them.
        notes: the seed of each interleaving that was wrong, and what was.
    """

    counts: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    @property
    def faults(self) -> dict[str, int]:
        """The figures that must be 0 and are not."""
        return dict(self.wrong)

    def figures(self) -> dict[str, Any]:
        """For the table and the JSON."""
        return {**self.counts, "wrong": sum(self.wrong.values())}

    def add(self, other: Outcome) -> None:
        """Count another run, too."""
        self.counts += other.counts
        self.wrong += other.wrong
        self.notes += other.notes


# --- what a person could have seen ----------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """What has been on the screen since a moment.

    Attributes:
        at: seconds.
        what: the request, or None.
        expected: whether the person's own doing brought it there.
    """

    at: float
    what: Identity | None
    expected: bool


@dataclass
class Oracle:
    """Watches screen and keys, and judges decisions.

    Attributes:
        shown: everything that was on the screen, oldest first.
        keys: every letter pressed, with its time.
        wrong: what was wrong, in words.
    """

    shown: list[Shown] = field(default_factory=lambda: [Shown(0.0, None, expected=False)])
    keys: list[tuple[float, str]] = field(default_factory=list)
    told: Counter[str] = field(default_factory=Counter)
    decided: set[Identity] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def paints(self, at: float, what: Identity | None, *, expected: bool) -> None:
        """Something else is on the screen."""
        if what != self.shown[-1].what:
            self.shown.append(Shown(at, what, expected))

    def decides(self, pressed: float, key: str, verdict: Verdict) -> None:
        """Judge a decision that a key pressed at that time has made."""
        seen = next(shown for shown in reversed(self.shown) if shown.at <= pressed + EPSILON)
        rule = EXPECTED if seen.expected else UNEXPECTED
        if seen.what != verdict.identity:
            self.wrong.append("another request than the one shown")
        elif pressed - seen.at < rule - EPSILON:
            self.wrong.append("shown for too short a time")
        if verdict.identity in self.decided:
            self.wrong.append("decided twice")
        if not self._alone(pressed, key):
            self.wrong.append("not pressed by itself")
        decision = verdict.decision
        if (decision.behavior, decision.scope) != MEANT.get(key, ("deny", "once")):
            self.wrong.append("something else than the key means")
        self.decided.add(verdict.identity)

    def _alone(self, pressed: float, key: str) -> bool:
        for at, other in self.keys:
            apart = at - pressed
            if other == key:
                near = EPSILON < abs(apart) < HELD - EPSILON
            else:
                steps = other in "jk" and apart < 0
                near = -BEFORE + EPSILON < apart < AFTER - EPSILON and not steps
            if near:
                return False
        return True

    def ends(self) -> None:
        """Every letter that may decide was carried out, or something was said about it."""
        pressed = Counter(key for _, key in self.keys if key in USUAL.deciding)
        if any(self.told[key] < count for key, count in pressed.items()):
            self.wrong.append("dropped in silence")


# --- the screen -----------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _request(session: str, number: int) -> Request:
    given = {"command": f"make {session}{number}"}
    return pending(
        f"r{number}", kind="permission", tool_name="Bash", input=given, digest=digest(given),
        suggestions=RULES, kept_in="settings",
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _facts(session: str, numbers: tuple[int, ...]) -> SessionState:
    requests = tuple(_request(session, number) for number in numbers)
    return facts_of(id=session, liveness="alive", requests=requests)


class Letters(Modes):
    """What letters mean on the screen: as on the main one."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def commanding(self) -> bool:
        """Everywhere."""
        return True

    def alone(self, character: str) -> bool:
        """Only a letter pressed by itself."""
        return character in USUAL.deciding

    def dropped(self, character: str) -> None:
        """Said on the card, or in a message if there is none."""
        self._screen.card.dropped()
        self._screen.oracle.told[character] += 1

    def typed(self, text: str) -> None:
        """Kept as a draft."""
        self._screen.oracle.told.update(text)


class Screen(Stage):
    """Two sessions, one of them selected, and the card of its request.

    Args:
        make_card: makes the card, given the clock.
    """

    def __init__(self, make_card: Callable[[Callable[[], float]], Card]) -> None:
        super().__init__()
        self.oracle = Oracle()
        self.card = make_card(lambda: self.now)
        self.pending: dict[str, tuple[int, ...]] = dict.fromkeys(SESSIONS, ())
        self.selected = SESSIONS[0]
        self.decisions = 0
        self.busy = False
        self._made_requests = 0
        self._late: list[events.Key] = []
        self._writing: list[tuple[float, str, Wanted]] = []
        self._brought = False
        letters = Letters(self)
        self.keys._modes = lambda: letters

    # What happens at the agents.

    def ask(self, session: str) -> None:
        """A session asks something more."""
        self._made_requests += 1
        self.pending[session] = (*self.pending[session], self._made_requests)

    def withdraw(self, session: str) -> None:
        """The oldest request of a session goes away."""
        self.pending[session] = self.pending[session][1:]

    # What the screen does.

    def show(self) -> None:
        """The facts reach the card; it is not painted yet."""
        before = self.card.identity
        self._brought |= before in self.oracle.decided
        self.card.show(_facts(self.selected, self.pending[self.selected]))

    def paint(self) -> None:
        """The facts reach the card, and it is painted."""
        self.show()
        self.repaint()

    def repaint(self) -> None:
        """The card is painted with what it knows."""
        what, request = None, self.card.request
        if request is not None:
            what = Identity(self.card.session, request.id, digest(request.input))
        self.oracle.paints(self.now, what, expected=self._brought)
        self.card.painted(self.card.identity)
        self._brought &= self.card.session != self.selected

    def select(self, session: str) -> None:
        """The person goes to a session; its request is on the way."""
        if session != self.selected:
            self.selected = session
            self.card.brought()
            self._brought = True

    # What keys do.

    async def _give(self, event: events.Event, _: object) -> None:
        if isinstance(event, events.Key):
            self._late.append(event)
            if not self.busy:
                self.catch_up()

    def catch_up(self) -> None:
        """Handle the keys that waited while the screen was busy."""
        late, self._late = self._late, []
        for event in late:
            self._handle(event)

    def _handle(self, event: events.Key) -> None:
        key, card = event.character or "", self.card
        if card.session != self.selected:
            self.paint()
            card.refusal = TOO_EARLY
            self.oracle.told[key] += 1
            return
        asked = card.request is not None and not card.sent
        outcome = card.press(key, max(self.now - event.time, 0.0))
        said = bool(card.refusal or card.asks_again) or not asked
        self.oracle.told[key] += said or outcome is not None
        if isinstance(outcome, Verdict):
            self._decided(event.time, key, outcome)
        elif isinstance(outcome, Wanted):
            self._writing.append((event.time, key, outcome))

    def write(self) -> None:
        """The person has written why they deny something."""
        for pressed, key, wanted in self._writing:
            verdict = self.card.written(wanted, "not now")
            if verdict is not None and verdict.identity not in self.oracle.decided:
                self._decided(pressed, key, verdict)
        self._writing.clear()

    def _decided(self, pressed: float, key: str, verdict: Verdict) -> None:
        self.decisions += 1
        self.oracle.decides(pressed, key, verdict)

    def answered(self) -> None:
        """The supervisor has heard of every decision so far."""
        for session, numbers in self.pending.items():
            known = {int(one.request[1:]) for one in self.oracle.decided if one.session == session}
            self.pending[session] = tuple(number for number in numbers if number not in known)


# --- one interleaving -----------------------------------------------------------------------


def play(seed: int, make_card: Callable[[Callable[[], float]], Card] = Card) -> Outcome:
    """Play one interleaving.

    Args:
        seed: decides everything.
        make_card: makes the card; another one shows that the oracle notices what it does.
    """
    rng, screen = random.Random(seed), Screen(make_card)
    screen.ask(rng.choice(SESSIONS))
    screen.paint()
    steps = rng.randrange(6, 24)
    for _ in range(steps):
        if rng.random() < 0.8:
            screen.pass_(rng.choice(GAPS))
        _step(rng, screen)
    screen.busy = False
    screen.catch_up()
    screen.pass_(4)
    screen.oracle.ends()
    counts = Counter(
        interleavings=1, steps=steps, keys=len(screen.oracle.keys), decisions=screen.decisions
    )
    wrong = Counter(screen.oracle.wrong)
    return Outcome(counts, wrong, [f"seed {seed}: {', '.join(wrong)}"] if wrong else [])


def _step(rng: random.Random, screen: Screen) -> None:
    session = rng.choice(SESSIONS)
    match rng.randrange(16):
        case 0:
            screen.ask(session)
        case 1:
            screen.withdraw(session)
        case 2:
            screen.withdraw(session)
            screen.ask(session)
        case 3:
            screen.show()
        case 4:
            screen.repaint()
        case 5 | 6:
            screen.paint()
        case 7:
            screen.select(session)
        case 8:
            screen.busy = not screen.busy
            screen.catch_up()
        case 9:
            screen.answered()
            screen.write()
        case _:
            _press(screen, rng.choice(KEYS))


def _press(screen: Screen, key: str) -> None:
    screen.oracle.keys.append((screen.now, key))
    screen.read(key.encode())


# --- many -----------------------------------------------------------------------------------


def campaign(seed: int, count: int, jobs: int = 0) -> Outcome:
    """Play many interleavings.

    Args:
        seed: of the first; each has the next one.
        count: how many.
        jobs: processes; 0 means one for each core.
    """
    jobs = min(jobs or len(os.sched_getaffinity(0)), count)
    bounds = [seed + count * part // jobs for part in range(jobs + 1)]
    if jobs == 1:
        return _several(seed, seed + count)
    outcome = Outcome()
    with ProcessPoolExecutor(jobs) as pool:
        for part in pool.map(_several, *zip(*pairwise(bounds), strict=True)):
            outcome.add(part)
    return outcome


def _several(first: int, end: int, make_card: Callable[..., Card] = Card) -> Outcome:
    outcome = Outcome()
    for seed in range(first, end):
        outcome.add(play(seed, make_card))
    return outcome
