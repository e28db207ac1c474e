"""Ten journeys by key presses: what a person does all day, here and in `claude agents`.

Keep true: both sides are measured in the same way, from the first key (or the kill) until a
terminal shows the outcome; a take begins in a fresh home and ends with nothing left; the next key
is pressed as soon as what it answers is on the screen; a journey that did not get to its end has
no figure. Typed text is no key; each other press is one.
"""

from __future__ import annotations

import re
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tests.bench.sides import MakeSide, ours, theirs
from tests.support.terminal import Terminal

POLL = 0.01
DEADLINE = 20.0
READY = 60.0
REST, PAUSE, LOST = 1.0, 0.5, 3.0
"""Seconds between two looks at a screen; until a step, and the start, have failed; that a person
looks before the first key, and before pressing a key again; after which a key that has changed
nothing on the screen was lost."""

AGAIN = "press again"
"""What our card says to a key that came too early. A person then presses it again, as they do where
a key changed nothing on the screen."""


@dataclass(frozen=True)
class Press:
    """A key by tmux's name, and what the screen shows once it has done its work."""

    key: str
    until: str
    gone: bool = False


@dataclass(frozen=True)
class Write:
    """A text that is typed; it is on the screen before the next key."""

    text: str


@dataclass(frozen=True)
class Kill:
    """The end of the process behind the list; the screen shows this, and then no longer."""

    until: str
    gone: bool = False


Step = Press | Write | Kill


@dataclass(frozen=True)
class Way:
    """A journey on one side: what the screen shows before, and the steps."""

    ready: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Journey:
    """Something a person wants done.

    Attributes:
        name: what it is.
        mode: the permission mode of its sessions.
        tasks: what sessions were told before.
        ours: the keys on our screen.
        theirs: those in `claude agents`.
    """

    name: str
    mode: str
    tasks: tuple[str, ...]
    ours: Way
    theirs: Way


@dataclass(frozen=True)
class Taken:
    """One journey made.

    Attributes:
        keys: how many it takes.
        again: how many had to be pressed again, because they came before they were taken.
        seconds: how long it took.
    """

    keys: int
    again: int
    seconds: float


class NotShownError(Exception):
    """The screen did not show what was waited for."""


class Window(Protocol):
    """A terminal, as far as a journey needs it."""

    @property
    def screen(self) -> str:
        """What is on the screen now."""

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names."""

    def type(self, text: str) -> None:
        """Type a text."""


EMPTY_OURS, EMPTY_THEIRS = "No sessions yet", "describe a task"
THREE_OURS = r"(?:^.[?✗✓●○] .*\n(?:.*\n)*?){3}"
THREE_THEIRS = r"(?:^[❯ ] \S .* \d+s *\n(?:.*\n)*?){3}"
ASKS_OURS, ASKS_THEIRS = "y allow once", "awaiting input"
PROCEED = "Do you want to proceed"
DONE = "done: one"
WRITE = 'WRITE {"file_path": "$CWD/new.txt", "content": "changed-one\\nchanged-two\\n"}'
CHANGED = r"changed-two *(?:│.*)?$"
HEARD = r"(?<!SAY )heard-you"
ROW_OURS, ROW_THEIRS = r"^.[?✗✓●○] one", r"^[❯ ] \S .* \d+s *$"

JOURNEYS = (
    Journey(
        "dispatch three",
        "default",
        (),
        Way(
            EMPTY_OURS,
            (
                Press("c", "New session"),
                Write("alpha SAY a"),
                Press("Enter", r"what should the agent"),
                Write("beta SAY b"),
                Press("Enter", r"what should the agent"),
                Write("gamma SAY c"),
                Press("Enter", THREE_OURS),
            ),
        ),
        Way(
            EMPTY_THEIRS,
            (
                Write("alpha SAY a"),
                Press("Enter", "describe a task"),
                Write("beta SAY b"),
                Press("Enter", "describe a task"),
                Write("gamma SAY c"),
                Press("Enter", THREE_THEIRS),
            ),
        ),
    ),
    Journey(
        "allow",
        "default",
        ("one moment THEN BASH mkdir made-one",),
        Way(ASKS_OURS, (Press("y", DONE),)),
        Way(ASKS_THEIRS, (Press("Enter", PROCEED), Press("Enter", DONE))),
    ),
    Journey(
        "answer a question",
        "default",
        ("one moment THEN ASK",),
        Way("Which database", (Press("2", DONE),)),
        Way(ASKS_THEIRS, (Press("Enter", "Enter to select"), Press("2", DONE))),
    ),
    Journey(
        "approve a plan",
        "plan",
        ("one moment THEN PLAN first this, then that",),
        Way("has a plan", (Press("y", DONE),)),
        Way(ASKS_THEIRS, (Press("Enter", "Would you like to proceed"), Press("2", DONE))),
    ),
    Journey(
        "see what changed",
        "acceptEdits",
        (f"one moment THEN {WRITE}",),
        Way(DONE, (Press("d", r"▌Diff(?s:.*)changed-two *$"),)),
        Way(DONE, (Press("Enter", CHANGED),)),
    ),
    Journey(
        "reply",
        "default",
        ("one moment THEN SAY done: one",),
        Way(DONE, (Press("Space", "Ctrl.O open"), Write("SAY heard-you"), Press("Enter", HEARD))),
        Way(DONE, (Press("Space", "reply"), Write("SAY heard-you"), Press("Enter", HEARD))),
    ),
    Journey(
        "stop and delete",
        "default",
        ("one moment THEN HOLD on",),
        Way("holding", (Press("C-x", "again deletes"), Press("C-x", ROW_OURS, gone=True))),
        Way(
            "one moment",
            (Press("C-x", r"ctrl\+x (again|to confirm)"), Press("C-x", ROW_THEIRS, gone=True)),
        ),
    ),
    Journey(
        "supervisor killed, then allow",
        "default",
        ("one moment THEN BASH mkdir made-one",),
        Way(
            ASKS_OURS,
            (Kill("not connected"), Kill("not connected", gone=True), Press("y", DONE)),
        ),
        Way(ASKS_THEIRS, (Kill("."), Press("Enter", PROCEED), Press("Enter", DONE))),
    ),
    Journey(
        "allow three",
        "default",
        ("one moment THEN BASH mkdir made-1 THEN BASH mkdir made-2 THEN BASH mkdir made-3",),
        Way(
            ASKS_OURS,
            (
                Press("y", r"^ *▕ +\$ mkdir made-2 *$"),
                Press("y", r"^ *▕ +\$ mkdir made-3 *$"),
                Press("y", DONE),
            ),
        ),
        Way(
            ASKS_THEIRS,
            (
                Press("Enter", PROCEED),
                Press("1", r"^ mkdir made-2 *$"),
                Press("1", r"^ mkdir made-3 *$"),
                Press("1", DONE),
            ),
        ),
    ),
    Journey(
        "look at the diff, then allow",
        "acceptEdits",
        (f"one moment THEN {WRITE} THEN BASH make -n",),
        Way(ASKS_OURS, (Press("d", r"▌Diff(?s:.*)changed-two *$"), Press("y", "1 to review"))),
        Way(
            ASKS_THEIRS,
            (Press("Enter", rf"{CHANGED}(?s:.*){PROCEED}"), Press("Enter", DONE)),
        ),
    ),
)


# --- one take -----------------------------------------------------------------------------


def _shows(window: Window, pattern: str, seconds: float, *, gone: bool = False) -> bool:
    """Wait until something is on the screen, or no longer is; return whether it came so."""
    ends = time.monotonic() + seconds
    while bool(re.search(pattern, window.screen, re.MULTILINE)) == gone:
        if time.monotonic() > ends:
            return False
        time.sleep(POLL)
    return True


def _await(window: Window, pattern: str, seconds: float, *, gone: bool = False) -> None:
    """Wait until something is on the screen, or no longer is.

    Raises:
        NotShownError: it did not come in time.
    """
    if not _shows(window, pattern, seconds, gone=gone):
        what = "still shown" if gone else "never shown"
        raise NotShownError(f"{what}: {pattern}\n{window.screen}")


def walk(window: Window, steps: Iterable[Step], kill: Callable[[], None]) -> Taken:
    """Go through the steps of a journey.

    Args:
        window: the terminal, at the start of the journey.
        steps: what to do; the first kill ends the process, later ones only wait.
        kill: ends the process behind the list.

    Raises:
        NotShownError: a step did not lead to what it should.
    """
    keys, again, killed = 0, 0, False
    began = time.perf_counter()
    for step in steps:
        match step:
            case Press():
                keys += 1
                again += _press(window, step) - 1
            case Write(text=text):
                window.type(text)
                _await(window, re.escape(text), DEADLINE)
            case Kill(until=until, gone=gone):
                if not killed:
                    kill()
                killed = True
                _await(window, until, DEADLINE, gone=gone)
    return Taken(keys, again, time.perf_counter() - began)


def _press(window: Window, step: Press) -> int:
    """Press a key, again if it came too early; return how often."""
    presses, ends = 0, time.monotonic() + DEADLINE
    while time.monotonic() < ends:
        before, lost_at = window.screen, time.monotonic() + LOST
        window.press(step.key)
        presses += 1
        while not _shows(window, step.until, PAUSE, gone=step.gone):
            now, still = time.monotonic(), window.screen
            if AGAIN in still or now > ends or (now > lost_at and still == before):
                break
        else:
            return presses
    what = f"{step.key}, pressed {presses} times, did not show: {step.until}"
    raise NotShownError(f"{what}\n{window.screen}")


def take(journey: Journey, way: Way, make: MakeSide) -> Taken:
    """Make a journey once, in a fresh home.

    Raises:
        NotShownError: it did not get to its end.
    """
    with make(journey.mode) as side:
        for task in journey.tasks:
            side.start(task, journey.mode)
        terminal = Terminal(side.command, side.env)
        try:
            _await(terminal, way.ready, READY)
            time.sleep(REST)
            return walk(terminal, way.steps, side.kill)
        finally:
            terminal.close()


# --- all ----------------------------------------------------------------------------------

Figure = Taken | str
"""The medians of a journey, or why there are none."""


def median_of(takes: Sequence[Taken | NotShownError]) -> Figure:
    """The median of several takes; if one did not get to its end, how many did not."""
    failed = [taken for taken in takes if isinstance(taken, NotShownError)]
    if failed:
        first = str(failed[0]).splitlines()[0]
        return f"not completed ({len(failed)} of {len(takes)}; {first})"
    made = [taken for taken in takes if isinstance(taken, Taken)]
    keys = made[0].keys
    again = statistics.median_high(taken.again for taken in made)
    return Taken(keys, again, round(statistics.median(taken.seconds for taken in made), 2))


def row_of(name: str, here: Figure, there: Figure) -> dict[str, Any]:
    """A line of the table; the ratio only where both sides got to the end."""
    both = isinstance(here, Taken) and isinstance(there, Taken)
    ratio = round(here.seconds / there.seconds, 2) if both else ""  # type: ignore[union-attr]
    return {"journey": name, **_cells("our", here), **_cells("their", there), "ratio": ratio}


def _cells(whose: str, figure: Figure) -> dict[str, Any]:
    if isinstance(figure, str):
        return {f"{whose} keys": "-", f"{whose} seconds": figure}
    keys = f"{figure.keys} + {figure.again} again" if figure.again else figure.keys
    return {f"{whose} keys": keys, f"{whose} seconds": figure.seconds}


def measure(takes: int, names: Sequence[str]) -> list[dict[str, Any]]:
    """Make the journeys on both sides in turn, and return the lines of the table.

    Args:
        takes: how often each is made.
        names: which ones; all when empty.
    """
    rows = []
    for journey in JOURNEYS:
        if names and journey.name not in names:
            continue
        pairs = [_both(journey) for _ in range(takes)]
        here, there = (median_of([pair[at] for pair in pairs]) for at in (0, 1))
        rows.append(row_of(journey.name, here, there))
    return rows


def _both(journey: Journey) -> tuple[Taken | NotShownError, Taken | NotShownError]:
    return _tried(journey, journey.ours, ours), _tried(journey, journey.theirs, theirs)


def _tried(journey: Journey, way: Way, make: MakeSide) -> Taken | NotShownError:
    try:
        taken = take(journey, way, make)
    except NotShownError as error:
        print(f"{journey.name}, {make.__name__}: {error}", file=sys.stderr, flush=True)
        return error
    print(f"{journey.name}, {make.__name__}: {taken}", file=sys.stderr, flush=True)
    return taken
