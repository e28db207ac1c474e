"""Every key of the table, pressed in a real terminal, with what it does.

Keep true: a key is pressed as the table names it; a key without a test here fails this file.
"""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from parallel_agents.tui.model.actions import ACTIONS, MAC_DIGITS
from parallel_agents.tui.model.layout_actions import LAYOUT_ACTIONS
from tests.bench.journals import write_sessions
from tests.end_to_end.test_attach import accept_dialogs, send_when_back
from tests.support.board import PROGRAM, eventually, go_to, opened, press_until, state
from tests.support.person import Person
from tests.support.terminal import Terminal
from tests.support.world import World

pytestmark = pytest.mark.tmux

BY_ID = {action.id: action for action in (*ACTIONS, *LAYOUT_ACTIONS)}

ROOT = Path(__file__).parents[2]

TMUX = {
    "down": "Down",
    "end": "End",
    "enter": "Enter",
    "equals_sign": "=",
    "minus": "-",
    "plus": "+",
    "semicolon": "\\;",
    "underscore": "_",
    "vertical_line": "|",
    "escape": "Escape",
    "home": "Home",
    "left": "Left",
    "pagedown": "NPage",
    "pageup": "PPage",
    "question_mark": "?",
    "right": "Right",
    "greater_than_sign": ">",
    "less_than_sign": "<",
    "alt+left": "M-Left",
    "shift+down": "S-Down",
    "shift+tab": "BTab",
    "shift+up": "S-Up",
    "slash": "/",
    "space": "Space",
    "tab": "Tab",
    "up": "Up",
}
"""tmux's names of keys, where they are not a letter or a letter with Ctrl or Alt."""

PRESSED: set[str] = set()
"""What the tests of this file say that they press."""

Test = Callable[..., None]


def presses(*actions: str) -> Callable[[Test], Test]:
    """Say which actions of the table a test presses; `hands` holds it to that."""

    def mark(test: Test) -> Test:
        PRESSED.update(actions)
        test.presses = set(actions)  # type: ignore[attr-defined]
        return test

    return mark


class Hands:
    """Press the keys of the table, and note which."""

    def __init__(self) -> None:
        self.pressed: set[str] = set()

    def key(self, action: str, number: int = 0) -> str:
        """tmux's name of one of an action's keys."""
        self.pressed.add(action)
        key = BY_ID[action].keys[number]
        return TMUX.get(key) or key.replace("ctrl+", "C-").replace("alt+", "M-")

    def press(self, terminal: Terminal, action: str, number: int = 0) -> None:
        """Press one of an action's keys."""
        terminal.press(self.key(action, number))


@pytest.fixture
def hands(request: pytest.FixtureRequest) -> Iterator[Hands]:
    """Hands that must have pressed what the test says."""
    failed = request.session.testsfailed
    made = Hands()
    yield made
    if request.session.testsfailed == failed:
        assert made.pressed == request.function.presses


@pytest.fixture
def program(tmp_path: Path) -> str:
    """The program with a shell and an editor that leave a trace and end at once."""
    shell, editor = tmp_path / "shell", tmp_path / "editor"
    shell.write_text(f"#!/bin/sh\npwd > {tmp_path}/shell-was-in\n")
    editor.write_text(
        "#!/bin/sh\n"
        f'if [ "$1" = . ]; then pwd > {tmp_path}/editor-was-in; '
        'else echo "written in the editor" > "$1"; fi\n'
    )
    for tool in (shell, editor):
        tool.chmod(0o755)
    return f"env VISUAL= SHELL={shell} EDITOR={editor} {PROGRAM}"


def test_every_key_of_the_table_is_pressed_in_this_file() -> None:
    assert set(BY_ID) == PRESSED


def chosen(screen: str) -> str:
    """The name in the list that the cursor is on."""
    found = re.search(r"^▌\S (\S+)", screen, re.MULTILINE)
    return found[1] if found else ""


def names(screen: str) -> list[str]:
    """The names in the list, from top to bottom."""
    return re.findall(r"^[▌ ][?✗✓●○] (\S+)", screen, re.MULTILINE)


def on(name: str) -> Callable[[str], bool]:
    """The cursor of the list is on a session."""
    return lambda screen: chosen(screen) == name


LIST, CARD, INPUT = "Space peek", "Tab input", "Enter send"
"""Words of the bottom line that tell where the keys go."""


@pytest.mark.parametrize("terminal", [(120, 40), (80, 24)], indirect=True, ids=["wide", "narrow"])
@presses(
    "next", "previous", "first", "last", "page_up", "page_down", "jump", "jump_begin", "jump_sign",
    "enter", "go_right", "go_left", "escape", "back", "zone_next", "zone_back", "peek",
    "next_needing", "mark", "move_down", "move_up", "return", "group", "help",
    "quit", "filter", "clear_filter",
)  # fmt: skip
def test_moving_about(terminal: Terminal, hands: Hands) -> None:
    listed = names(terminal.wait(lambda screen: len(names(screen)) == 5 and LIST in screen))
    hands.press(terminal, "jump", 0)
    terminal.wait(on(listed[0]))
    for number in (0, 1):
        hands.press(terminal, "next", number)
        terminal.wait(on(listed[1]))
        hands.press(terminal, "previous", number)
        terminal.wait(on(listed[0]))
    for down, up in (("last", "first"), ("page_down", "page_up")):
        hands.press(terminal, down)
        terminal.wait(lambda screen: chosen(screen) not in ("", listed[0]))
        hands.press(terminal, up)
        terminal.wait(on(listed[0]))
    hands.press(terminal, "jump_begin")
    terminal.press("3")
    terminal.wait(on(listed[2]))
    hands.key("jump_sign")
    terminal.type(MAC_DIGITS[1])
    terminal.wait(on(listed[1]))
    for enter, leave in (("enter", "escape"), ("go_right", "back")):
        hands.press(terminal, enter)
        terminal.wait(CARD)
        hands.press(terminal, leave)
        terminal.wait(LIST)
    hands.press(terminal, "zone_next")
    terminal.wait(CARD)
    hands.press(terminal, "zone_next")
    terminal.wait(INPUT)
    hands.press(terminal, "zone_back")
    terminal.wait(CARD)
    hands.press(terminal, "zone_back")
    terminal.wait(LIST)
    hands.press(terminal, "filter")
    terminal.type(listed[2])
    terminal.wait(lambda screen: names(screen) == [listed[2]])
    terminal.press("Enter")
    terminal.wait(LIST)
    hands.press(terminal, "clear_filter")
    terminal.wait(lambda screen: len(names(screen)) == 5)
    hands.press(terminal, "jump", 0)
    hands.press(terminal, "jump", 1)
    terminal.wait(on(listed[1]))
    for number in (0, 1):
        hands.press(terminal, "return")
        terminal.wait(on(listed[number]))
    hands.press(terminal, "mark")
    terminal.wait("1 marked")
    terminal.press("Escape")
    terminal.wait(lambda screen: "1 marked" not in screen)
    for key in ("move_down", "move_up"):
        hands.press(terminal, key)
        terminal.wait("These are ordered")
    hands.press(terminal, "jump", 1)
    terminal.wait(on(listed[1]))
    hands.press(terminal, "go_left")
    terminal.wait("▌NEEDS INPUT")
    hands.press(terminal, "go_left")
    terminal.wait("▌▸ ")
    hands.press(terminal, "go_right")
    terminal.wait(lambda screen: "▌▸ " not in screen)
    hands.press(terminal, "jump", 1)
    terminal.wait(on(listed[1]))
    hands.press(terminal, "peek")
    terminal.wait("Ctrl+O open")
    terminal.press("Escape")
    terminal.wait(lambda screen: "Ctrl+O open" not in screen and chosen(screen) == listed[1])
    hands.press(terminal, "group")
    terminal.wait(lambda screen: "NEEDS INPUT" not in screen and LIST in screen)
    hands.press(terminal, "group")
    terminal.wait("NEEDS INPUT")
    hands.press(terminal, "next_needing")
    terminal.wait(CARD)
    hands.press(terminal, "help")
    terminal.wait("allow once; send the answers")
    terminal.press("Escape")
    terminal.wait(CARD)
    hands.press(terminal, "escape")
    terminal.wait(LIST)
    hands.press(terminal, "quit")
    assert "sessions keep working" in terminal.wait_ended()


@presses(
    "transcript", "diff", "info", "explain", "mode", "rename", "pin", "stop", "respawn", "undo",
    "trash", "dispatch", "interrupt", "archive", "snooze", "search",
)  # fmt: skip
def test_looking_and_managing(person: Person, terminal: Terminal, hands: Hands) -> None:
    go_to(terminal, "permission")
    terminal.press("Escape")
    terminal.wait(LIST)
    for key, shows in (
        ("diff", "▌Diff"),
        ("info", "▌Info"),
        ("transcript", "▌Transcript"),
    ):
        hands.press(terminal, key)
        terminal.wait(shows)
    for key, shows in (("explain", "Why this state"), ("mode", "Permission mode")):
        hands.press(terminal, key)
        terminal.wait(shows)
        terminal.press("2" if key == "mode" else "Escape")
        terminal.wait(lambda screen, shows=shows: shows not in screen)  # type: ignore[misc]
    eventually(lambda: person.row("permission")["mode"] == "acceptEdits", terminal)
    hands.press(terminal, "pin")
    terminal.wait(lambda screen: "permission ⌃" in screen)
    hands.press(terminal, "rename")
    terminal.wait("New name")
    terminal.type("-two")
    terminal.press("Enter")
    terminal.wait(lambda screen: opened(screen) == "permission-two")
    _put_aside(person, terminal, hands)
    hands.press(terminal, "search")
    terminal.wait("Search all transcripts")
    terminal.type("which DATABASE")
    terminal.press("Enter")
    terminal.wait(lambda screen: "Enter go there" in screen and "Which database" in screen)
    terminal.press("Enter")
    terminal.wait(lambda screen: opened(screen) == "question" and "▌Transcript" in screen)
    go_to(terminal, "permission-two")
    terminal.press("Escape")
    terminal.wait(LIST)
    _stop_and_bring_back(person, terminal, hands)
    _dispatch_and_interrupt(person, terminal, hands)


def _put_aside(person: Person, terminal: Terminal, hands: Hands) -> None:
    """One that asks stays in the list, archived and snoozed as it is."""
    for key, field in (("archive", "archived"), ("snooze", "snoozedUntil")):
        hands.press(terminal, key)
        if key == "snooze":
            terminal.wait("Snooze permission-two for")
            terminal.press("Enter")
        eventually(lambda field=field: person.row("permission-two")[field], terminal)  # type: ignore[misc]
        terminal.press("Home")
        go_to(terminal, "permission-two")
        terminal.press("Escape")
        terminal.wait(LIST)
        hands.press(terminal, key)
        eventually(lambda field=field: not person.row("permission-two")[field], terminal)  # type: ignore[misc]
        go_to(terminal, "permission-two")
        terminal.press("Escape")
        terminal.wait(LIST)


def _stop_and_bring_back(person: Person, terminal: Terminal, hands: Hands) -> None:
    hands.press(terminal, "stop")
    eventually(lambda: state(person, "permission-two") == "stopped", terminal)
    terminal.wait(lambda screen: "again deletes" not in screen)
    hands.press(terminal, "respawn")
    eventually(lambda: person.row("permission-two")["pid"] is not None, terminal)
    for key in ("undo", "trash"):
        hands.press(terminal, "stop")
        terminal.wait("again deletes")
        hands.press(terminal, "stop")
        eventually(lambda: len(person.rows()) == 4, terminal)
        hands.press(terminal, key)
        if key == "trash":
            terminal.wait(lambda screen: "Enter restore" in screen and " kB" in screen)
            terminal.press("Enter")
        eventually(lambda: len(person.rows()) == 5, terminal)
        terminal.wait(lambda screen: opened(screen) == "permission-two")


def _dispatch_and_interrupt(person: Person, terminal: Terminal, hands: Hands) -> None:
    """Ctrl+O starts a session and goes in; Ctrl+C ends its turn."""
    hands.press(terminal, "dispatch")
    terminal.wait("Ctrl+O start and open")
    terminal.type("stream 6000 50")
    terminal.wait("stream 6000 50")
    terminal.press("C-o")
    terminal.wait(lambda screen: "line 3" in screen and INPUT in screen)
    hands.press(terminal, "interrupt")
    streaming = next(r["id"] for r in person.json("ls") if r["name"].startswith("stream"))
    eventually(lambda: state(person, streaming) != "working", terminal)
    terminal.wait("interrupted")


@presses(
    "split_right", "split_below", "next_pane", "larger", "smaller", "zoom", "swap_panes",
    "close_pane", "beside", "keep_layout", "usual_layout",
)  # fmt: skip
def test_panes(terminal: Terminal, hands: Hands) -> None:
    def press(action: str, shows: Callable[[str], bool]) -> None:
        press_until(terminal, hands.key(action), lambda: shows(terminal.screen))

    go_to(terminal, "permission")
    terminal.press("Escape")
    terminal.wait(LIST)
    terminal.press("t")
    terminal.wait("▌Transcript")
    press("split_right", lambda screen: "▸Transcript" in screen and "▌Diff" in screen)
    edge = _edge(terminal.screen)
    press("larger", lambda screen: _edge(screen) < edge)
    press("smaller", lambda screen: _edge(screen) == edge)
    press("next_pane", lambda screen: "▌Transcript" in screen and "▸Diff" in screen)
    press("swap_panes", lambda screen: 0 < screen.find("▸Diff") < screen.find("▌Transcript"))
    press("zoom", lambda screen: "▸Diff" not in screen)
    press("zoom", lambda screen: "▸Diff" in screen)
    press("split_below", lambda screen: "▌Info" in screen)
    press("close_pane", lambda screen: "▌Info" not in screen and "▌" in screen)
    press("keep_layout", lambda screen: "now the usual layout" in screen)
    press("usual_layout", lambda screen: "This is the" in screen)
    press("beside", lambda screen: "no room" in screen)


@presses("comment", "send_comments")
def test_comments(terminal: Terminal, hands: Hands) -> None:
    go_to(terminal, "permission")
    terminal.press("Escape")
    terminal.wait(LIST)
    press_until(terminal, hands.key("comment"), lambda: "▌Diff" in terminal.screen)
    terminal.wait("against main")
    press_until(terminal, hands.key("comment"), lambda: "whole change" in terminal.screen)
    terminal.type("well done")
    terminal.press("Enter")
    terminal.wait("1 comment to send")
    terminal.wait("┃ well done")
    press_until(terminal, hands.key("send_comments"), lambda: "Send 1 comment" in terminal.screen)
    terminal.press("Enter")
    terminal.wait("┃ sent")


def _edge(screen: str) -> int:
    """The column in which the line of a title is divided."""
    titles = next(line for line in screen.splitlines() if "▸Transcript" in line)
    return titles.find("│")


@presses("skip", "read_on", "read_back", "inbox")
def test_the_next_of_two_requests(person: Person, hands: Hands) -> None:
    """The agents in here ask one thing at a time; a scene has two."""
    scene = f"{sys.executable} -m tests.tui.look requests"
    terminal = Terminal(scene, {**person.env, "PYTHONPATH": str(ROOT)})
    try:
        terminal.wait("make first")
        terminal.press("Enter")
        terminal.wait(CARD)
        terminal.wait("wants to use Bash  1/2")
        for number in (2, 1):
            hands.press(terminal, "skip")
            terminal.wait(f"wants to use Bash  {number}/2")
        for key in ("read_on", "read_back"):
            hands.press(terminal, key)
            terminal.wait("make first")
        hands.press(terminal, "inbox")
        terminal.wait("Esc close")
        terminal.press("x", "Down", "x")
        terminal.wait("2 marked")
        terminal.press("Enter")
        terminal.wait("Decide on these 2 requests?")
    finally:
        terminal.close()


@presses(
    "allow", "always", "always_repository", "deny", "deny_message", "edit_input", "own_words",
    "choose", "next_question", "previous_question",
)  # fmt: skip
def test_deciding(person: Person, terminal: Terminal, hands: Hands) -> None:
    go_to(terminal, "permission")
    for action, told in (
        ("allow", ""),
        ("deny", ""),
        ("deny_message", "use make"),
        ("edit_input", ""),
        ("always", ""),
    ):
        _decide(person, terminal, hands, action, told)
        if action != "always":
            person.ok("send", "permission", "permission")
            eventually(lambda: state(person, "permission") == "blocked", terminal)
            go_to(terminal, "permission")
    assert "use make" in journal(person, "permission")
    assert "; echo edited too" in journal(person, "permission")
    root = str(Path(person.show("permission")["worktree"]).parents[2])
    made = ("--agent", "demo", "-C", root, "--base", "head", "--permission-mode", "default")
    person.ok("new", "permission once more", "--name", "second", *made)
    go_to(terminal, "second")
    press_until(
        terminal, hands.key("always_repository"), lambda: state(person, "second") != "blocked"
    )
    assert '"scope":"repository"' in journal(person, "second")
    _questions(person, terminal, hands)


def journal(person: Person, name: str) -> str:
    """What was journalled of a session."""
    path: Path = person.home / "sessions" / person.show(name)["id"] / "journal.jsonl"
    return path.read_text()


def _decide(person: Person, terminal: Terminal, hands: Hands, action: str, told: str) -> None:
    """Decide on the one request that waits, and see it gone."""
    key = hands.key(action)
    if action == "edit_input":
        press_until(terminal, key, lambda: "Ctrl+O accept" in terminal.screen)
        terminal.press("End")
        terminal.type("; echo edited too")
        terminal.wait("echo edited too")
        terminal.press("C-o")
    elif told:
        press_until(terminal, key, lambda: "Deny, and say what to do instead" in terminal.screen)
        terminal.type(told)
        terminal.wait(told)
        terminal.press("Enter")
    else:
        press_until(terminal, key, lambda: state(person, "permission") != "blocked")
    eventually(lambda: state(person, "permission") == "done", terminal)


def _questions(person: Person, terminal: Terminal, hands: Hands) -> None:
    """The first question in own words, the second by digits, sent by y."""
    go_to(terminal, "question")
    press_until(terminal, hands.key("own_words"), lambda: "own words" in _dialog(terminal.screen))
    terminal.type("DuckDB")
    terminal.press("Enter")
    terminal.wait("▸ Which checks")
    for key, marked in (("previous", "▸ Which database"), ("next", "▸ Which checks")):
        hands.press(terminal, f"{key}_question")
        terminal.wait(marked)
    hands.press(terminal, "choose", 1)
    terminal.wait("[x] Types")
    press_until(terminal, hands.key("allow"), lambda: state(person, "question") == "done")
    assert '"DuckDB"' in journal(person, "question")
    assert '["Types"]' in journal(person, "question")


def _dialog(screen: str) -> str:
    """The words of the dialog on the screen."""
    return "\n".join(re.findall(r"│(.*)│", screen))


@presses("checks", "run_checks", "send_check")
def test_checks(person: Person, terminal: Terminal, hands: Hands) -> None:
    root = Path(person.show("permission")["worktree"]).parents[2]
    (root / ".parallel-agents.toml").write_text('[checks]\nlint = "echo a.py is wrong; exit 3"\n')
    person.ok("trust", "--session", "permission")
    go_to(terminal, "permission")
    terminal.press("Escape")
    terminal.wait(LIST)
    hands.press(terminal, "checks")
    terminal.wait("○ lint  has not run")
    press_until(
        terminal, hands.key("run_checks"), lambda: "lint  has not run" not in terminal.screen
    )
    terminal.wait("✗ lint  failed: exit 3")
    terminal.wait("a.py is wrong")
    sent = "The check lint failed (exit 3)"
    press_until(terminal, hands.key("send_check"), lambda: sent in journal(person, "permission"))


@presses("shell", "edit", "editor", "quit_anywhere")
def test_other_programs(person: Person, terminal: Terminal, hands: Hands, tmp_path: Path) -> None:
    go_to(terminal, "permission")
    worktree = person.show("permission")["worktree"]
    terminal.press("Escape")
    terminal.wait(LIST)
    for action, trace in (("shell", "shell-was-in"), ("edit", "editor-was-in")):
        file = tmp_path / trace
        hands.press(terminal, action)
        eventually(lambda file=file: file.exists() and file.read_text(), terminal)  # type: ignore[misc]
        assert file.read_text().strip() == worktree
        terminal.wait(LIST)
    hands.press(terminal, "editor")
    terminal.wait(lambda screen: "written in the editor" in screen and INPUT in screen)
    terminal.press("C-p")
    terminal.wait("Search for commands")
    terminal.press("Escape")
    terminal.wait(lambda screen: "Search for commands" not in screen)
    hands.press(terminal, "quit_anywhere")
    assert "sessions keep working" in terminal.wait_ended()


@pytest.mark.claude
@presses("attach")
def test_taking_the_conversation_and_back(developer: Person, hands: Hands) -> None:
    """T lends the terminal to claude, and gets it back when that ends."""
    repo = developer.repository()
    accept_dialogs(developer, repo)
    said = ("new", "SAY remember me", "-C", str(repo), "--base", "head", "--name", "lent")
    session = developer.ok(*said)
    developer.wait(session, "done")
    terminal = Terminal(f"cd {repo} && {PROGRAM}", developer.env)
    try:
        terminal.wait(lambda screen: opened(screen) == "lent" and LIST in screen)
        hands.press(terminal, "attach")
        eventually(lambda: developer.row(session)["detail"] == "attached in a terminal", terminal)
        terminal.wait(lambda screen: "remember me" in screen and "▕" not in screen)
        terminal.press("C-c")
        terminal.press("C-c")
        terminal.wait(lambda screen: opened(screen) == "lent")
        send_when_back(developer, session)
    finally:
        terminal.close()


def test_the_top_of_a_long_transcript_reads_what_is_before() -> None:
    """400 records are read at once; Home at their top reads the page before."""
    with World() as world:
        write_sessions(world, 1, 1_000, 1_000)
        terminal = Terminal(f"{sys.executable} -I -m parallel_agents", dict(world.env))
        try:
            terminal.wait("Part 998 of")
            terminal.press("t")
            terminal.wait("▌Transcript")
            seen: set[int] = set()

            def at_the_top() -> bool:
                terminal.press("Home")
                seen.update(map(int, re.findall(r"[Pp]art[ -](\d+)", terminal.screen)))
                return min(seen) < 10

            eventually(at_the_top, terminal)
        finally:
            terminal.close()
