"""What all sessions of one supervisor share."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from parallel_agents.agents.base import Agent
from parallel_agents.supervisor.config import Config
from parallel_agents.supervisor.hub import Hub
from parallel_agents.supervisor.ports import Ports
from parallel_agents.supervisor.trust import TrustStore
from parallel_agents.worktrees.manager import WorktreeManager


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True, kw_only=True)
class Context:
    """Services that sessions use.

    Attributes:
        state_dir: where everything is kept.
        shim: the copied shim.
        spawning: how many agents may start at once; a start costs most of a core.
        counting: how many diffs may be counted at once; twenty at once take a second.
        making: how many worktrees may be waited for at once; each holds a thread.
        umask: the person's own, for files that agents make.
        config_sources: where each setting came from.
        ports: which session has which TCP ports.
    """

    state_dir: Path
    shim: Path
    manager: WorktreeManager
    hub: Hub
    agents: Mapping[str, Agent]
    trust: TrustStore
    config: Config
    spawning: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(3))
    counting: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    making: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(3))
    umask: int = 0o022
    config_sources: dict[str, str] = field(default_factory=dict)
    ports: Ports = field(default_factory=Ports)

    def session_dir(self, session: str) -> Path:
        """Where a session's files are."""
        return self.state_dir / "sessions" / session
