"""The screen in a real terminal: what is shown, and keys pressed until they take effect.

Keep true: a terminal shows a picture in pieces; what is read from it is read from a whole one.
"""

import functools
import re
import sys
import time
from collections.abc import Callable

from parallel_agents.tui.terminal.letters import BEFORE
from tests.support.person import Person
from tests.support.terminal import Terminal

PROGRAM = f"{sys.executable} -m parallel_agents"

PACE = BEFORE + 0.05
"""Seconds from one command to the next, chosen by a person who looks at the screen in between.
Quicker, and letters are taken for a text."""


def eventually(holds: Callable[[], bool], terminal: Terminal | None = None) -> None:
    end = time.monotonic() + 30
    while not holds():
        if time.monotonic() > end:
            shown = terminal.screen if terminal else ""
            raise AssertionError(f"it did not happen in time\n{shown}")
        time.sleep(0.03)


def press_until(terminal: Terminal, key: str, holds: Callable[[], bool]) -> None:
    """Press a key as a person does: in no haste, and again when the card was too new to take it."""
    end = time.monotonic() + 30
    while not holds():
        time.sleep(PACE)
        assert time.monotonic() < end, f"the key {key} did nothing\n{terminal.screen}"
        terminal.press(key)
        soon = time.monotonic() + 1
        while not holds() and time.monotonic() < soon:
            time.sleep(0.05)


def state(person: Person, name: str) -> str:
    return str(person.row(name)["state"])


def opened(screen: str) -> str:
    """The name of the opened session; empty while the screen is half painted.

    A terminal shows a picture in pieces: only when the list, the line over the session and its
    card, where it has one, name the same session was it painted in full.
    """
    over = re.search(r"▕ \S (\S+)  ", screen.splitlines()[1])
    cursor = re.search(r"^▌\S (\S+) ", screen, re.MULTILINE)
    card = re.search(r"▕ \S (\S+) (?:wants to|asks|has a plan)", screen)
    names = {found[1] for found in (over, cursor, card) if found}
    return names.pop() if len(names) == 1 and over and cursor else ""


_INSIDE = "Tab input"
"""Words of the bottom line while a request has the focus."""


def _arrived(before: str, inside: bool, now: str) -> bool:
    """The request of another session has the focus; at first, that of the one selected."""
    other = opened(now) not in ("", before)
    only = "1 need you" in now or not inside
    return _INSIDE in now and (other or (only and opened(now) != ""))


def go_to(terminal: Terminal, name: str) -> None:
    """Ctrl+N until the named session is opened and its request has the focus."""
    shown = terminal.wait(lambda screen: opened(screen) != "")
    for _ in range(10):
        if opened(shown) == name and _INSIDE in shown:
            return
        before, inside = opened(shown), _INSIDE in shown
        terminal.press("C-n")
        shown = terminal.wait(functools.partial(_arrived, before, inside))
    raise AssertionError(terminal.screen)
