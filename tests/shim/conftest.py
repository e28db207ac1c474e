import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.shim.harness import Run


@pytest.fixture
def base() -> Iterator[Path]:
    """A short directory: socket paths are limited to 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="pa", dir="/tmp") as name:
        yield Path(name)


@pytest.fixture
def make_run(base: Path) -> Iterator[Callable[..., Run]]:
    made: list[Run] = []

    def make(name: str = "1") -> Run:
        made.append(Run(base, name))
        return made[-1]

    yield make
    for one in made:
        one.finish()


@pytest.fixture
def run(make_run: Callable[..., Run]) -> Run:
    return make_run()
