"""The whole program by key presses, in a real terminal."""

from pathlib import Path

import pytest

from tests.support.board import PROGRAM, eventually, go_to, press_until, state
from tests.support.person import Person
from tests.support.terminal import Terminal

pytestmark = pytest.mark.tmux


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
    terminal.wait("again deletes")
    terminal.press("C-x")
    eventually(lambda: len(person.rows()) == 4)
    gone = {"permission", "question", "plan", "edit", "fail"} - {
        row["name"] for row in person.json("ls")
    }
    terminal.press("u")
    eventually(lambda: len(person.rows()) == 5)
    name = gone.pop()
    assert Path(person.show(name)["worktree"]).is_dir()


def test_a_hunk_is_taken_out_and_put_back(person: Person, terminal: Terminal) -> None:
    """X in the diff removes what is under the cursor from the worktree, z brings it back."""
    go_to(terminal, "edit")
    path = Path(person.show("edit")["worktree"], "shop/cart.py")
    before = path.read_bytes()
    path.write_bytes(b"# new\r\n" + before)
    terminal.press("d")
    terminal.wait("+ # new")
    terminal.press("]")
    terminal.press("X")
    terminal.wait("z puts it back")
    assert path.read_bytes() == before
    terminal.press("z")
    terminal.wait("Put back what was taken out")
    assert path.read_bytes() == b"# new\r\n" + before


def test_dispatch_by_keys(person: Person, terminal: Terminal) -> None:
    """c, the task, Enter: a session works, its diff is on the screen."""
    terminal.press("c")
    terminal.wait("New session")
    terminal.type("edit: write it down")
    terminal.press("Enter")
    eventually(lambda: len(person.rows()) == 6)
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
    assert "sessions keep working" in terminal.wait_ended()
    assert len(person.json("ls")) == 5


def test_first_run_says_what_to_do(person: Person) -> None:
    person.env["PARALLEL_AGENTS_CLAUDE"] = "/no/such/claude"
    repo = person.repository()
    opened = Terminal(f"cd {repo} && {PROGRAM}", person.env, (80, 24))
    try:
        screen = opened.wait(lambda screen: "demo" in screen and "cannot be started" in screen)
        assert " c " in screen
        assert "/no/such/claude" in screen
    finally:
        opened.close()
