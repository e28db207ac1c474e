"""People with fresh homes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.claude import claude_program
from tests.support.messages_api import MessagesApi
from tests.support.person import Person


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
