"""People with fresh homes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.board import PROGRAM
from tests.support.claude import claude_program
from tests.support.messages_api import MessagesApi
from tests.support.person import Person
from tests.support.terminal import Terminal


@pytest.fixture
def person(tmp_path: Path) -> Iterator[Person]:
    """A person without `claude`: demo agents only."""
    someone = Person(tmp_path)
    yield someone
    someone.close()


@pytest.fixture
def api() -> Iterator[MessagesApi]:
    """The Messages API on loopback."""
    with MessagesApi() as server:
        yield server


@pytest.fixture
def developer(tmp_path: Path, api: MessagesApi) -> Iterator[Person]:
    """A person with the real `claude`."""
    someone = Person(tmp_path, api.url, PARALLEL_AGENTS_CLAUDE=str(claude_program()))
    yield someone
    someone.close()


@pytest.fixture
def program() -> str:
    """The command that a terminal runs."""
    return PROGRAM


@pytest.fixture
def terminal(person: Person, program: str, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    """The screen on the demo, 120 by 40, or as large as the test says."""
    remembered = person.home / "config/dispatch.json"
    remembered.parent.mkdir(parents=True)
    remembered.write_text(json.dumps({"mode": "acceptEdits", "agent": "demo"}))
    opened = Terminal(f"{program} demo", person.env, getattr(request, "param", (120, 40)))
    opened.wait(lambda screen: all(word in screen for word in ("question", "plan", "FAILED")))
    yield opened
    opened.close()
