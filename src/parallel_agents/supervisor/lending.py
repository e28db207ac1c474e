"""A conversation lent to a person's own terminal, and taken back.

Keep true: one owner at a time; whoever takes it back goes on in the mode that the person left.
"""

from typing import Any

from parallel_agents.core import events as ev
from parallel_agents.core.errors import RefusedError
from parallel_agents.supervisor.session import Session
from parallel_agents.supervisor.spawn import (
    agent_environment,
    find_program,
    spawn_spec,
    start_directory,
)


def attach_command(session: Session) -> dict[str, Any]:
    """What a person's terminal runs to take over the conversation.

    Returns:
        `id`, `argv`, `cwd` and `env`.

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
    if session.state.worktree is None or "turn" not in session.state.because:
        raise RefusedError("Nothing was said in this session yet.", "Wait for its first turn.")
    environment = session.ledger.environment()
    program = find_program(traits, environment)
    spec = spawn_spec(
        traits, session.state, program, resume=True, mode=session.workplace.mode(traits)
    )
    return {
        "id": session.id,
        "argv": session.agent.interactive_argv(spec),
        "cwd": start_directory(traits, session.state),
        "env": agent_environment(session.agent, session.state, environment),
    }


async def take_back(session: Session, key: str) -> None:
    """The person's terminal gave the conversation back: start the process again."""
    if key in session.state.keys or session.state.stopped != "attach":
        return
    text = "Back from a terminal; what was said there is in the conversation, not shown here."
    left = await session.context.threads.quick(
        session.agent.mode_left, session.state.conversation, session.ledger.environment()
    )
    if session.state.stopped != "attach":
        return  # somebody else was quicker
    known = left in session.agent.traits.mode_names and left != session.state.mode
    changed = [ev.ModeChanged(mode=left)] if known else []
    session.ledger.record(*changed, ev.Notice(text=text), key=key)
    session.driver.start()
