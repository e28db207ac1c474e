"""The composer for new sessions, in a real terminal over a real repository."""

import re
from pathlib import Path

import pytest

from tests.support.board import eventually
from tests.support.person import Person
from tests.support.terminal import Terminal

pytestmark = pytest.mark.tmux


def offered(screen: str) -> bool:
    """Whether the list below a field offers the branch."""
    return re.search(r"(?m)^ \w* {5,}(❯ )?topic/one", screen) is not None


def test_base_and_branch_are_completed(person: Person, terminal: Terminal) -> None:
    root = Path(person.rows()[0]["repo"])
    person.git("branch", "topic/one", cwd=root)
    person.git("update-ref", "refs/remotes/origin/topic/far", "topic/one", cwd=root)
    terminal.press("c")
    terminal.type("edit: write it down")
    terminal.press("Tab", "Tab")
    terminal.type("topic")
    terminal.wait(offered)
    terminal.press("Tab")
    terminal.wait(lambda screen: screen.count("topic/one") == 2)
    terminal.press("C-u")
    terminal.wait("worktree.baseRef in the settings")
    terminal.press("Tab")
    terminal.type("topic/o")
    terminal.wait(offered)
    terminal.press("Right")
    terminal.wait("on the existing branch topic/one")
    assert "edit: write it down" in terminal.screen
    terminal.press("Enter")
    eventually(lambda: len(person.rows()) == 6, terminal)
    made = next(row for row in person.rows() if row["name"].startswith("edit: write"))
    eventually(lambda: person.row(made["id"])["branch"] == "topic/one", terminal)


def test_a_pull_request_is_completed_as_one(person: Person, terminal: Terminal) -> None:
    root = Path(person.rows()[0]["repo"])
    hub = person.tmp / "hub.git"
    person.git("clone", "-q", "--bare", str(root), str(hub), cwd=person.tmp)
    person.git("update-ref", "refs/pull/12/head", "main", cwd=hub)
    person.git("remote", "add", "origin", str(hub), cwd=root)
    terminal.press("c")
    terminal.type("edit: write it down")
    terminal.press("Tab", "Tab")
    terminal.type("#12")
    terminal.wait("untrusted pull request")
    terminal.press("Enter")
    terminal.wait("start without it")
    terminal.press("n")
    eventually(lambda: len(person.rows()) == 6, terminal)
    made = next(row for row in person.rows() if row["name"].startswith("edit: write"))
    eventually(lambda: person.row(made["id"])["branch"] == "pr-12", terminal)
