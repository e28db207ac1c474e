"""A conversation lent to a person's own terminal, and taken back.

Keep true: one owner at a time; whoever takes it back goes on in the mode that the person left.
"""

import asyncio
from collections.abc import Collection, Mapping

from parallel_agents.core import events as ev
from parallel_agents.core.errors import RefusedError
from parallel_agents.core.ids import new_uuid
from parallel_agents.supervisor.left import marked
from parallel_agents.supervisor.session import Session
from parallel_agents.supervisor.spawn import (
    agent_environment,
    find_program,
    spawn_spec,
    start_directory,
)
from parallel_agents.wire.messages import TerminalCommand

_LOOK_AGAIN = 1.0


class Terminals:
    """The conversations that people's terminals have.

    Args:
        sessions: all sessions, by id.
    """

    def __init__(self, sessions: Mapping[str, Session]) -> None:
        self._sessions = sessions
        self._lent: dict[str, str] = {}
        """By session, the key of the request that lent its conversation last."""

    def lent(self, session: str, key: str) -> None:
        """A request with this key gets the session's conversation."""
        self._lent[session] = key

    async def lost(self, keys: Collection[str]) -> None:
        """A client went away: take back, once they are free, the conversations that it still has.

        Args:
            keys: uuids of its requests for conversations.
        """
        lent = [session for session, key in self._lent.items() if key in keys]
        await asyncio.gather(*(self._take_back_once_free(session) for session in lent))

    async def recover(self) -> None:
        """The same for conversations that were attached when an earlier supervisor ended."""
        attached = [s.id for s in self._sessions.values() if s.state.process.stopped == "attach"]
        await asyncio.gather(*(self._take_back_once_free(session) for session in attached))

    async def _take_back_once_free(self, name: str) -> None:
        session = self._sessions.get(name)
        lent = self._lent.get(name)
        if session is None:
            return
        while session.state.process.stopped == "attach" and self._lent.get(name) == lent:
            gone = not session.state.process.is_there  # its own process, whose end is awaited
            if gone and not await session.context.threads.git(marked, name):
                await take_back(session, new_uuid())
                return
            await asyncio.sleep(_LOOK_AGAIN)


def attach_command(session: Session) -> TerminalCommand:
    """What a person's terminal runs to take over the conversation.

    Raises:
        RefusedError: the agent has no interactive program.
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
    """The person's terminal gave the conversation back: start the process again."""
    if key in session.state.keys or session.state.process.stopped != "attach":
        return
    text = (
        "Back from a terminal; what was said there is part of the conversation, but not shown here."
    )
    left = await session.context.threads.quick(
        session.agent.mode_left, session.state.conversation.id, session.ledger.environment()
    )
    if session.state.process.stopped != "attach":
        return  # somebody else was quicker
    known = left in session.agent.traits.mode_names and left != session.state.conversation.mode
    changed = [ev.ModeChanged(mode=left)] if known else []
    session.ledger.record(*changed, ev.Notice(text=text), key=key)
    session.driver.start()
