"""Lends a conversation to the user's own terminal, and takes it back.

Keep true: a conversation has one owner at a time; once taken back, it continues in the mode that
the user left it in.
"""

import asyncio
from collections.abc import Collection, Mapping

from parallel_agents.core import events as ev
from parallel_agents.core.errors import RefusedError
from parallel_agents.core.ids import new_uuid
from parallel_agents.supervisor.run.descendants import marked
from parallel_agents.supervisor.run.spawn import (
    agent_environment,
    find_program,
    spawn_spec,
    start_directory,
)
from parallel_agents.supervisor.sessions.session import Session
from parallel_agents.wire.messages import TerminalCommand

_LOOK_AGAIN = 1.0


class Terminals:
    """The conversations that are lent to users' terminals.

    Args:
        sessions: all sessions, by id.
    """

    def __init__(self, sessions: Mapping[str, Session]) -> None:
        self._sessions = sessions
        self._lent: dict[str, str] = {}
        """For each session, the key of the last request that lent its conversation."""

    def lent(self, session: str, key: str) -> None:
        """Note that the request with this key gets the session's conversation."""
        self._lent[session] = key

    async def lost(self, keys: Collection[str]) -> None:
        """Take back the conversations of a client that went away, as soon as they are free.

        Args:
            keys: uuids of the client's requests for conversations.
        """
        lent = [session for session, key in self._lent.items() if key in keys]
        await asyncio.gather(*(self._take_back_once_free(session) for session in lent))

    async def recover(self) -> None:
        """Do the same for conversations that were attached when an earlier supervisor ended."""
        attached = [s.id for s in self._sessions.values() if s.state.process.stopped == "attach"]
        await asyncio.gather(*(self._take_back_once_free(session) for session in attached))

    async def _take_back_once_free(self, name: str) -> None:
        session = self._sessions.get(name)
        lent = self._lent.get(name)
        if session is None:
            return
        while session.state.process.stopped == "attach" and self._lent.get(name) == lent:
            gone = not session.state.process.is_there  # our own process, which attaching stops
            if gone and not await session.context.threads.git(marked, name):
                await take_back(session, new_uuid())
                return
            await asyncio.sleep(_LOOK_AGAIN)


def attach_command(session: Session) -> TerminalCommand:
    """Build the command that the user's terminal runs to take over the conversation.

    Raises:
        RefusedError: the agent has no interactive program, or there is no conversation yet.
        WorktreeError: there is no worktree to work in.
    """
    traits = session.agent.traits
    if not traits.can_attach:
        raise RefusedError(
            f"The agent “{traits.name}” has no interactive program to attach to.",
            f"Reply to it instead: parallel-agents send {session.id}",
        )
    if session.state.place.worktree is None or "turn" not in session.state.because:
        raise RefusedError("This session has no conversation yet.", "Wait for its first turn.")
    environment = session.ledger.environment()
    program = find_program(traits, environment)
    spec = spawn_spec(
        traits, session.state, program, resume=True, mode=session.workplace.mode(traits)
    )
    return TerminalCommand(
        id=session.id,
        argv=tuple(session.agent.interactive_argv(spec)),
        cwd=start_directory(traits, session.state),
        env=dict(agent_environment(session.agent, session.state, environment)),
    )


async def take_back(session: Session, key: str) -> None:
    """Take the conversation back from the user's terminal and start the process again."""
    if key in session.state.keys or session.state.process.stopped != "attach":
        return
    text = (
        "Back from a terminal; what was said there is part of the conversation, but not shown here."
    )
    left = await session.context.threads.quick(
        session.agent.mode_left, session.state.conversation.id, session.ledger.environment()
    )
    if session.state.process.stopped != "attach":
        return  # another request took it back in the meantime
    known = left in session.agent.traits.mode_names and left != session.state.conversation.mode
    changed = [ev.ModeChanged(mode=left)] if known else []
    session.ledger.record(*changed, ev.Notice(text=text), key=key)
    session.workplace.changes.count()
    session.driver.start()
