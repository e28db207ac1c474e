"""The whole job on the real `claude`, on the screen and by the command line together."""

import subprocess
import sys
from pathlib import Path

import pytest

from parallel_agents.wire.messages import Info
from tests.support.board import eventually, go_to, press_until
from tests.support.person import Person
from tests.support.terminal import Terminal

pytestmark = [pytest.mark.claude, pytest.mark.tmux]

PROGRAM = f"{sys.executable} -m parallel_agents"
WRITE = 'WRITE {"file_path": "$CWD/note.txt", "content": "from claude\\n"}'


def test_a_day(developer: Person) -> None:
    """Four sessions, two repositories; a crash; one key each; diff, delete, undo, land."""
    shop, tools = developer.repository("shop"), developer.repository("tools")
    for name, repo, prompt in (
        ("writer", shop, WRITE),
        ("asker", shop, "ASK"),
        ("talker", shop, "SAY just words"),
        ("other", tools, "SAY elsewhere"),
    ):
        developer.ok("new", prompt, "-C", str(repo), "--base", "head", "--name", name)
    developer.wait("writer", "blocked")
    developer.wait("asker", "blocked")
    developer.wait("talker", "done")
    developer.wait("other", "done")
    first = Terminal(f"cd {shop} && {PROGRAM}", developer.env)
    try:
        before = first.wait(lambda screen: "writer" in screen and "asker" in screen)
    finally:
        first.close()
    developer.kill_supervisor()
    terminal = Terminal(f"cd {shop} && {PROGRAM}", developer.env)
    try:
        names = ("writer", "asker", "talker", "other", "NEEDS INPUT")
        after = terminal.wait(lambda screen: all(name in screen for name in names))
        assert all((name in before) == (name in after) for name in names)
        go_to(terminal, "writer")
        terminal.wait("writer wants to use Write")
        press_until(terminal, "y", lambda: developer.show("writer")["state"] == "done")
        go_to(terminal, "asker")
        terminal.wait("Which database?")
        press_until(terminal, "2", lambda: developer.show("asker")["state"] == "done")
        assert "Postgres" in developer.ok("logs", "asker")
    finally:
        terminal.close()
    screen_agrees(developer)
    delete_and_land(developer, shop)


def screen_agrees(developer: Person) -> None:
    """Every verb says the same of the writer."""
    row = next(r for r in developer.json("ls") if r["name"] == "writer")
    assert row == {**developer.show("writer"), "unread": row["unread"]}
    assert developer.json("explain", "writer")["state"] == row["state"] == "done"
    assert developer.run("wait", "writer", "--until", "done", "--timeout", "5").code == 0
    assert "+from claude" in developer.ok("diff", "writer")
    eventually(lambda: developer.row("writer")["changes"]["files"] == 1)


def delete_and_land(developer: Person, shop: Path) -> None:
    developer.ok("rm", "writer")
    developer.ok("restore", developer.json("trash")[0]["id"])
    with developer.client() as client:
        commands = client.request(Info(session="writer")).land
    for command in commands[: next(i for i, c in enumerate(commands) if " merge " in c) + 1]:
        subprocess.run(command, shell=True, cwd=shop, env=developer.env, check=True)
    assert (shop / "note.txt").read_text() == "from claude\n"
