"""What the handlers of requests work with."""

import asyncio

from parallel_agents.supervisor.lending import Terminals
from parallel_agents.supervisor.patches import Patches
from parallel_agents.supervisor.session import Session
from parallel_agents.supervisor.supervisor import SessionSupervisor


class Service:
    """The supervisor, and what lasts from one request to the next.

    Attributes:
        patches: the patch that is being read.
        terminals: the conversations that people's terminals have.
        accepting: held while a repository's configuration is accepted.
    """

    def __init__(self, supervisor: SessionSupervisor) -> None:
        self.supervisor = supervisor
        self.patches = Patches()
        self.terminals = Terminals(supervisor.sessions)
        self.accepting = asyncio.Lock()

    def find(self, name: str) -> Session:
        """The session with this id, unique prefix or name.

        Raises:
            NoSuchSessionError: there is none, or it is deleted.
            UsageError: several are meant.
        """
        return self.supervisor.find(name)
