from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from parallel_agents.core.state import SessionState
from parallel_agents.supervisor.config import Config
from parallel_agents.supervisor.context import Context
from parallel_agents.supervisor.hub import Hub
from parallel_agents.supervisor.trust import TrustStore
from parallel_agents.worktrees.manager import WorktreeManager

# How long an example takes says how busy the machine is. In CI fewer, and the same ones each
# time: what fails there fails on every machine.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("here"), derandomize=True, max_examples=25)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "here")


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
        trust=TrustStore(tmp_path / "trust.json"),
        config=Config(),
    )
