"""The whole program by key presses, in a real terminal."""

import functools
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.person import Person
from tests.support.terminal import Terminal

pytestmark = pytest.mark.tmux

PROGRAM = f"{sys.executable} -m parallel_agents"


def eventually(holds: Callable[[], bool], terminal: Terminal | None = None) -> None:
    end = time.monotonic() + 30
    while not holds():
        shown = terminal.screen if terminal else ""
        assert time.monotonic() < end, f"it did not happen in time\n{shown}"


def press_until(terminal: Terminal, key: str, holds: Callable[[], bool]) -> None:
    """Press a key as a person does: again, when the card was too new to take it."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end, f"the key {key} did nothing\n{terminal.screen}"
        terminal.press(key)
        soon = time.monotonic() + 3
        while not holds() and time.monotonic() < soon:
            time.sleep(0.05)


@pytest.fixture
def terminal(person: Person) -> Iterator[Terminal]:
    """The screen on the demo, 120 by 40."""
    remembered = person.home / "config/dispatch.json"
    remembered.parent.mkdir(parents=True)
    remembered.write_text(json.dumps({"mode": "acceptEdits", "agent": "demo"}))
    opened = Terminal(f"{PROGRAM} demo", person.env)
    opened.wait(lambda screen: all(word in screen for word in ("question", "plan", "FAILED")))
    yield opened
    opened.close()


def state(person: Person, name: str) -> str:
    return str(person.show(name)["state"])


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


def _moved(before: str, now: str) -> bool:
    """Another session is opened; or the only one that asks has the keys now."""
    only = "1 need you" in now and "Tab input" in now
    return opened(now) not in ("", before) or (only and opened(now) != "")


def go_to(terminal: Terminal, name: str) -> None:
    """Ctrl+N until the named session is opened and its request has the keys."""
    before = opened(terminal.wait(lambda screen: opened(screen) != ""))
    for _ in range(10):
        terminal.press("C-n")
        before = opened(terminal.wait(functools.partial(_moved, before)))
        if before == name:
            terminal.wait("Tab input")
            return
    raise AssertionError(terminal.screen)


def test_one_key_from_blocked_to_unblocked(person: Person, terminal: Terminal) -> None:
    """Ctrl+N goes to the next that needs a person; one key answers it."""
    go_to(terminal, "permission")
    terminal.wait("permission wants to use Bash")
    press_until(terminal, "y", lambda: state(person, "permission") == "done")


def test_typing_never_answers(person: Person, terminal: Terminal) -> None:
    """The y of a reply is text; Enter and Space allow nothing."""
    go_to(terminal, "permission")
    terminal.press("Enter", "Space")
    terminal.press("Tab")
    terminal.wait("Enter send")
    terminal.type("you are right")
    terminal.wait("you are right")
    assert len([row for row in person.json("ls") if row["state"] == "blocked"]) == 4


def test_the_supervisor_dies_and_the_screen_shows_the_same(
    person: Person, terminal: Terminal
) -> None:
    before = [row["id"] for row in person.json("ls")]
    person.kill_supervisor()
    assert [row["id"] for row in person.json("ls")] == before
    terminal.press("C-n")
    terminal.wait(lambda screen: "NEEDS INPUT" in screen and "question" in screen)
    person.ok("answer", "permission", "--allow")
    terminal.wait("READY FOR REVIEW")


def test_delete_twice_and_undo(person: Person, terminal: Terminal) -> None:
    """Ctrl+X stops, again deletes, u brings back."""
    terminal.press("C-x")
    terminal.press("C-x")
    eventually(lambda: len(person.json("ls")) == 4)
    gone = {"permission", "question", "plan", "edit", "fail"} - {
        row["name"] for row in person.json("ls")
    }
    terminal.press("u")
    eventually(lambda: len(person.json("ls")) == 5)
    name = gone.pop()
    assert Path(person.show(name)["worktree"]).is_dir()


def test_dispatch_by_keys(person: Person, terminal: Terminal) -> None:
    """c, the task, Enter: a session works, its diff is on the screen."""
    terminal.press("c")
    terminal.wait("New session")
    terminal.type("edit: write it down")
    terminal.press("Enter")
    eventually(lambda: len(person.json("ls")) == 6)
    name = next(r["name"] for r in person.json("ls") if r["name"].startswith("edit:"))
    person.wait(name, "done", "blocked")
    terminal.wait("edit: write it down")


def test_every_size_draws(person: Person, terminal: Terminal) -> None:
    """The program lives through any size of window."""
    for columns, rows in ((80, 24), (240, 70), (20, 5), (120, 40)):
        terminal.resize(columns, rows)
        if columns >= 80:
            terminal.wait(lambda screen: "question" in screen)
    terminal.press("C-q")
    terminal.wait(lambda screen: "Pane is dead" in screen or "go on" in screen or "$" in screen)
    assert len(person.json("ls")) == 5


def test_first_run_says_what_to_do(person: Person) -> None:
    person.env["PARALLEL_AGENTS_CLAUDE"] = "/no/such/claude"
    repo = person.repository()
    opened = Terminal(f"cd {repo} && {PROGRAM}", person.env, (80, 24))
    try:
        screen = opened.wait(lambda screen: "demo" in screen)
        assert " c " in screen
        assert "is not installed here" in screen
    finally:
        opened.close()
