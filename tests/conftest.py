from __future__ import annotations

import gc
import os
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from _pytest.mark.expression import Expression

from parallel_agents.core.state import SessionState
from parallel_agents.supervisor.base.config import Config
from parallel_agents.supervisor.base.hub import Hub
from parallel_agents.supervisor.base.threads import Threads
from parallel_agents.supervisor.record.context import Context
from parallel_agents.supervisor.record.trust import TrustStore
from parallel_agents.worktrees.manager import WorktreeManager
from tests.support.examples import load_profile

pytest_plugins = ("tests.support.failures",)

load_profile()

WORKERS = 3
"""For the whole suite: tests wait for processes more than they compute."""

LAYERS = ("pure", "screen", "git", "process", "claude")
"""What a test needs, by rising cost; a marker each. Cheap ones run first."""
_PARTS = {
    "test_style.py": "pure",
    "test_words.py": "pure",
    "test_readme.py": "pure",
    "test_journeys.py": "pure",
    "core": "pure",
    "cli": "pure",
    "wire": "pure",
    "agents": "pure",
    "agents/test_demo.py": "process",
    "agents/test_demo_shop.py": "process",
    "tui": "screen",
    "worktrees": "git",
}
"""The layers of what lies in `tests/`; the rest starts processes."""
_ROOT = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Give the whole suite workers; tests that somebody chose run here, at once and debuggable."""
    if hasattr(config, "workerinput"):  # a worker, which would get workers of its own
        return
    option = config.option
    whole = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    chosen = option.markexpr or option.keyword or getattr(option, "lf", False)
    if whole and not chosen and option.numprocesses is None:
        option.numprocesses = WORKERS


def _layer(item: pytest.Item) -> str:
    if item.get_closest_marker("claude"):
        return "claude"
    return _layer_of(item.path.relative_to(_ROOT))


def _layer_of(path: Path) -> str:
    return _PARTS.get(path.as_posix()) or _PARTS.get(path.parts[0], "process")


def _possible(path: Path) -> set[str]:
    """Which layers tests in a file or folder can have."""
    relative = path.relative_to(_ROOT)
    inside = {layer for part, layer in _PARTS.items() if relative in Path(part).parents}
    return {_layer_of(relative), "claude"} | inside


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import nothing that has no test of the chosen layers: it takes longer than cheap tests."""
    chosen = config.option.markexpr
    names = set(re.findall(r"\w+", chosen)) - {"and", "or", "not"}
    if not names or not names <= {*LAYERS, "variation"} or collection_path == _ROOT:
        return None
    expression = Expression.compile(chosen)
    marks = product(_possible(collection_path), ("variation", ""))
    return None if any(expression.evaluate(_among(*names)) for names in marks) else True


def _among(*marks: str) -> Callable[..., bool]:
    return lambda name, **_: name in marks


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test by its layer, and run the layers in their order."""
    layer = {item: _layer(item) for item in items}
    for item in items:
        item.add_marker(layer[item])
    items.sort(key=lambda item: LAYERS.index(layer[item]))


def pytest_collection_finish() -> None:
    """Keep Python from looking through all modules and tests for garbage, again and again.

    Between two edits only: what a test leaves behind is found sooner with the usual thresholds.
    """
    if os.environ.get("PA_EXAMPLES") != "fast":
        return
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """What sessions share, without agents and with a shim that is never started."""

    def nothing() -> list[SessionState]:
        return []

    return Context(
        state_dir=tmp_path,
        shim=tmp_path / "shim.py",
        manager=WorktreeManager(tmp_path),
        hub=Hub(nothing),
        agents={},
        trust=TrustStore(Threads(), tmp_path),
        config=Config(),
    )
