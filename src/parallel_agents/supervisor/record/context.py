"""What all sessions of one supervisor share."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from parallel_agents.agents.base import Agent
from parallel_agents.supervisor.base.config import Config
from parallel_agents.supervisor.base.hub import Hub
from parallel_agents.supervisor.base.ports import Ports
from parallel_agents.supervisor.base.threads import Threads
from parallel_agents.supervisor.record.trust import TrustStore
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
        threads: where blocking work is done.
        counting: how many diffs may be counted at once; twenty at once take a second.
        making: how many worktrees may be waited for at once; each holds a thread.
        checking: how many checks of repositories may run at once, over all sessions.
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
    threads: Threads = field(default_factory=Threads)
    spawning: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(3))
    counting: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    making: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(3))
    checking: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
    umask: int = 0o022
    config_sources: dict[str, str] = field(default_factory=dict)
    ports: Ports = field(default_factory=Ports)
    _turns: dict[str, asyncio.Lock] = field(default_factory=dict)

    def turn(self, root: str) -> asyncio.Lock:
        """Held while a repository's worktrees are taken away or put back.

        Its own lock is waited for in a thread; whoever waits for his turn here takes none.

        Args:
            root: the repository's main worktree.
        """
        return self._turns.setdefault(root, asyncio.Lock())

    @property
    def log_file(self) -> Path:
        """Where the supervisor's log is."""
        return self.state_dir / "supervisor.log"

    def session_dir(self, session: str) -> Path:
        """Where a session's files are."""
        return self.state_dir / "sessions" / session
