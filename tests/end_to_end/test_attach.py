"""The conversation in the person's own terminal, and back."""

import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from parallel_agents.client.quick import QuickClient
from parallel_agents.core.codec import to_plain
from parallel_agents.core.errors import RefusedError
from parallel_agents.core.ids import new_uuid
from parallel_agents.wire import messages as m
from parallel_agents.wire.framing import dump_frame
from tests.support.person import Person
from tests.support.terminal import Terminal

pytestmark = [pytest.mark.claude, pytest.mark.tmux]


def accept_dialogs(person: Person, repo: Path) -> None:
    """What a person clicked away in claude long ago: its welcome, the key, the folder's trust.

    Before any claude runs: one that does keeps its own copy, and writes that over ours.
    """
    accepted = {
        "hasCompletedOnboarding": True,
        "theme": "dark",
        "customApiKeyResponses": {"approved": ["dummy"], "rejected": []},
        "projects": {str(repo): {"hasTrustDialogAccepted": True}},
    }
    path = Path(person.env["CLAUDE_CONFIG_DIR"]) / ".claude.json"
    path.write_text(json.dumps(accepted))


@pytest.fixture
def session(developer: Person) -> str:
    repo = developer.repository()
    accept_dialogs(developer, repo)
    session = developer.ok("new", "SAY remember me", "-C", str(repo), "--base", "head")
    developer.wait(session, "done")
    return session


def test_attach_and_back(developer: Person, session: str) -> None:
    """One owner at a time; the worktree is the session's; afterwards it goes on headless."""
    command = f"{sys.executable} -m parallel_agents attach {session}"
    terminal = Terminal(command, developer.env)
    try:
        terminal.wait(lambda screen: "remember me" in screen and "/worktrees/" in screen)
        assert developer.show(session)["detail"] == "attached in a terminal"
        assert developer.run("send", session, "hello").code == 4
        terminal.press("C-c")
        terminal.press("C-c")
        terminal.wait("Resume this session")
    finally:
        terminal.close()
    send_when_back(developer, session)
    assert "back again" in developer.ok("logs", session)


def test_terminal_closed_while_attached(developer: Person, session: str) -> None:
    """Nobody gives the conversation back; it is taken once its process is gone."""
    terminal = Terminal(f"{sys.executable} -m parallel_agents attach {session}", developer.env)
    terminal.wait(lambda screen: "remember me" in screen and "/worktrees/" in screen)
    terminal.close()
    send_when_back(developer, session)
    assert "back again" in developer.ok("logs", session)


def test_a_client_that_goes_away_before_it_has_the_conversation(
    developer: Person, session: str
) -> None:
    """Its process is ended by then, and nobody is left to give the conversation back."""
    with developer.client() as client:
        _begin_to_attach(developer, client, session)
    send_when_back(developer, session)
    assert "back again" in developer.ok("logs", session)


def _begin_to_attach(person: Person, client: QuickClient, session: str) -> None:
    """Ask for the conversation, and wait no longer than until its process is to end."""
    os.kill(person.row(session)["pid"], signal.SIGSTOP)  # so that its end takes a while
    client.request(m.Status())
    asked = {"id": 99, "request": to_plain(m.AttachBegin(key=new_uuid(), session=session))}
    client._socket.sendall(dump_frame(asked))  # type: ignore[union-attr]
    journal = person.home / "sessions" / session / "journal.jsonl"
    deadline = time.monotonic() + 30
    while "stop_requested" not in journal.read_text():
        assert time.monotonic() < deadline, person.row(session)


def test_a_conversation_has_one_terminal(developer: Person, session: str) -> None:
    """A second one is refused, and takes nothing back from the first when it goes away."""
    command = f"{sys.executable} -m parallel_agents attach {session}"
    first = Terminal(command, developer.env)
    try:
        first.wait(lambda screen: "remember me" in screen and "/worktrees/" in screen)
        second = Terminal(f"{command}; sleep 1000", developer.env)
        try:
            second.wait("open in a terminal")
        finally:
            second.close()
        assert developer.show(session)["detail"] == "attached in a terminal"
        assert developer.run("send", session, "hello").code == 4
    finally:
        first.close()
    send_when_back(developer, session)


def test_a_conversation_that_is_being_lent_is_lent_once(developer: Person, session: str) -> None:
    """The second asks while the process still ends, and goes away before the first does."""
    with developer.client() as first:
        _begin_to_attach(developer, first, session)
        with (
            developer.client() as second,
            pytest.raises(RefusedError, match="open in a terminal"),
        ):
            second.request(m.AttachBegin(key=new_uuid(), session=session))
        deadline = time.monotonic() + 30
        while developer.show(session)["detail"] != "attached in a terminal":
            assert time.monotonic() < deadline, developer.show(session)
    send_when_back(developer, session)


def test_the_mode_goes_with_the_conversation_and_comes_back(
    developer: Person, session: str
) -> None:
    """The program would begin in another one; what the person changes there, they keep."""
    assert developer.show(session)["mode"] == "default"
    terminal = Terminal(f"{sys.executable} -m parallel_agents attach {session}", developer.env)
    try:
        screen = terminal.wait(lambda screen: "remember me" in screen and " on " in screen)
        assert "auto mode on" not in screen
        terminal.press("BTab")
        terminal.wait("accept edits on")
        terminal.press("C-c")
        terminal.press("C-c")
        terminal.wait("Resume this session")
    finally:
        terminal.close()
    send_when_back(developer, session)
    assert developer.show(session)["mode"] == "acceptEdits"
    spec = json.loads((run_directories(developer, session)[-1] / "spec.json").read_text())
    assert "--permission-mode=acceptEdits" in spec["argv"]


def run_directories(developer: Person, session: str) -> list[Path]:
    """The session's runs, the latest last."""
    return sorted((developer.home / "sessions" / session / "runs").iterdir())


def send_when_back(developer: Person, session: str) -> None:
    deadline = time.monotonic() + 30
    while developer.run("send", session, "SAY back again").code != 0:
        assert time.monotonic() < deadline, developer.show(session)
    developer.wait(session, "done")
