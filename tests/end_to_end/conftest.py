"""People with fresh homes."""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from parallel_agents.core.codec import dump
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.options import Options
from parallel_agents.core.value import replace
from parallel_agents.tui.model.first_steps import STEPS, KeptSteps
from parallel_agents.tui.model.private_file import write_private
from parallel_agents.wire.messages import MakeScratchRepository, New
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


STORIES = (
    ("permission", "permission: run the tests and tell me what fails"),
    ("question", "question: add a store for the orders"),
    ("plan", "plan: split the parser into smaller functions"),
    ("edit", "edit: write down what this project does"),
    ("fail", "fail: ask a model that cannot answer"),
)
"""Names and tasks of the five sessions in `terminal`, one for each kind of need."""


def start_stories(person: Person) -> str:
    """Start the five sessions in a scratch repository; returns its directory."""
    mode = Options(mode="default")
    with person.client() as client:
        directory = client.request(MakeScratchRepository(key=new_uuid())).directory
        for name, prompt in STORIES:
            task = New(key=new_uuid(), prompt=prompt, name=name, directory=directory, options=mode)
            client.request(replace(task, base="head", agent="demo", environment=person.env))
    return directory


@pytest.fixture
def terminal(person: Person, program: str, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    """The screen on five sessions of the demo agent, 120 by 40, or as large as the test says."""
    remembered = person.home / "config/dispatch.json"
    remembered.parent.mkdir(parents=True)
    remembered.write_text(json.dumps({"mode": "acceptEdits", "agent": "demo"}))
    tried = dump(KeptSteps(done=frozenset(STEPS)))
    write_private(person.home / "first_steps.json", tried)
    command = f"cd {shlex.quote(start_stories(person))} && {program}"
    opened = Terminal(command, person.env, getattr(request, "param", (120, 40)))
    opened.wait(lambda screen: all(word in screen for word in ("question", "plan", "FAILED")))
    yield opened
    opened.close()
