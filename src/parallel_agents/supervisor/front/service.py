"""What the request handlers work with."""

import asyncio

from parallel_agents.supervisor.front.patches import Patches
from parallel_agents.supervisor.sessions.lending import Terminals
from parallel_agents.supervisor.sessions.session import Session
from parallel_agents.supervisor.sessions.supervisor import SessionSupervisor


class Service:
    """The supervisor, and the state that lasts between requests.

    Attributes:
        patches: the patch that clients are reading page by page.
        terminals: the conversations that are lent to users' terminals.
        accepting: held while a repository's configuration is being accepted.
    """

    def __init__(self, supervisor: SessionSupervisor) -> None:
        self.supervisor = supervisor
        self.patches = Patches()
        self.terminals = Terminals(supervisor.sessions)
        self.accepting = asyncio.Lock()

    def find(self, name: str) -> Session:
        """Find the session with this id, unique prefix or name.

        Raises:
            NoSuchSessionError: there is none, or it is deleted.
            UsageError: several sessions match.
        """
        return self.supervisor.find(name)
