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


def test_a_pull_request_alone_goes_to_the_session_that_was_started_from_it(
    person: Person, terminal: Terminal
) -> None:
    root = Path(person.rows()[0]["repo"])
    hub = person.tmp / "hub.git"
    person.git("clone", "-q", "--bare", str(root), str(hub), cwd=person.tmp)
    person.git("update-ref", "refs/pull/12/head", "main", cwd=hub)
    person.git("remote", "add", "origin", str(hub), cwd=root)
    words = ("new", "edit: look at it", "--name", "reviewer", "--base", "#12", "--agent", "demo")
    person.ok(*words, cwd=root)
    terminal.wait("reviewer")
    terminal.press("c")
    terminal.type("#12")
    terminal.wait("Enter goes to reviewer")
    terminal.press("Enter")
    terminal.wait("reply to reviewer")
    assert len(person.rows()) == 6


def test_a_template_and_an_agent_make_a_task(person: Person, terminal: Terminal) -> None:
    folder = Path(person.rows()[0]["repo"], ".parallel-agents/templates")
    folder.mkdir(parents=True)
    (folder / "write.md").write_text("edit: write {{what}}\nand {{more}}\n")
    terminal.press("c")
    terminal.wait("from main")
    terminal.press("M-t")
    terminal.wait("from the repository: what, more")
    terminal.press("1")
    terminal.wait("{{what}}")
    terminal.type("it")
    terminal.press("Tab")
    terminal.wait(lambda screen: "write it" in screen)
    terminal.type("commit")
    terminal.press("Home", "Up", "Home")
    terminal.type("@demo ")
    terminal.wait(lambda screen: "@demo" not in screen and "and commit" in screen)
    terminal.press("Enter")
    eventually(lambda: len(person.rows()) == 6, terminal)
    made = next(row for row in person.rows() if row["name"].startswith("edit: write it"))
    assert made["agent"] == "demo"
