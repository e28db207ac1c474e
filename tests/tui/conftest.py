"""Every test of the screen has directories of its own, and a clock on the wall that stands."""

import sys
from pathlib import Path

import pytest

from tests.support.settled import wait_less
from tests.support.sheets import parse_once
from tests.tui.fake import T0


@pytest.fixture(autouse=True)
def _own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARALLEL_AGENTS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("parallel_agents.tui.screens.board.now_ms", lambda: T0 + 120_000)
    monkeypatch.setenv("PARALLEL_AGENTS_CLAUDE", sys.executable)  # as if it were installed
    wait_less(monkeypatch)
    parse_once(monkeypatch)
