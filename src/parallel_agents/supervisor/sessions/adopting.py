"""Adopts a worktree: begins a session in a worktree that somebody else made.

Keep true: an adoption is refused before anything is journalled; the worktree is checked again,
under the repository's lock, when the session takes it.
"""

import os

from parallel_agents.core import events as ev
from parallel_agents.core.errors import RefusedError, UsageError
from parallel_agents.core.text import as_text
from parallel_agents.supervisor.place.workplace import ready_event
from parallel_agents.supervisor.record.context import Context
from parallel_agents.supervisor.sessions.dispatch import prepare
from parallel_agents.supervisor.sessions.session import Session
from parallel_agents.wire.messages import Adopt, New

_NOTHING_YET = "-"


def prepare_adoption(context: Context, message: Adopt, session: str) -> New:
    """Check an adoption and fill in its defaults; blocks, because it runs git.

    Args:
        context: what sessions share.
        message: what the user asked for.
        session: the id that the session will have.

    Returns:
        The equivalent dispatch, in the main worktree.

    Raises:
        RefusedError: the worktree may not be adopted.
        UserError: as for `dispatch.prepare`.
    """
    repository = context.manager.resolve(message.directory)
    context.manager.check_adoptable(repository, session, message.directory)
    ready = prepare(
        context,
        New(
            key=message.key,
            prompt=message.prompt or _NOTHING_YET,
            directory=repository.root,
            name=message.name,
            base=message.base,
            agent=message.agent,
            options=message.options,
            environment=message.environment,
        ),
    )
    return ready.message


def created(ready: New, session: str, name: str, message: Adopt) -> ev.SessionCreated:
    """Make the event that begins the session.

    Args:
        ready: the dispatch that `prepare_adoption` returned.
        session: the session's id.
        name: the session's name.
        message: what the user asked for.
    """
    return ev.SessionCreated(
        id=session,
        request=message.key,
        name=name,
        prompt=as_text(message.prompt),
        agent=ready.agent,
        directory=ready.directory,
        base=ready.base,
        options=ready.options,
        adopted=os.path.realpath(message.directory),
    )


async def take_along(session: Session, message: Adopt) -> Session:
    """Give a session its own worktree back after the worktree was moved.

    Args:
        session: the session whose lock the worktree carries.
        message: what the user asked for.

    Returns:
        The same session.

    Raises:
        UsageError: the message also has a prompt.
        RefusedError: the session is in the trash, or its worktree is not where the agent finds it.
        UserError: the worktree could not be taken along.
    """
    if message.key in session.state.keys:
        return session
    if session.state.session.deleted:
        raise RefusedError(
            f"{message.directory} belongs to the session {session.id}, which is in the trash.",
            f"Bring it back first: parallel-agents restore {session.id}",
        )
    if message.prompt:
        raise UsageError(
            f"{message.directory} belongs to the session {session.id}.",
            f"Adopt it without a prompt, then: parallel-agents send {session.id} …",
        )
    manager = session.context.manager
    record = await session.context.threads.long(
        manager.take_along, session.workplace.record, message.directory
    )
    session.ledger.record(ready_event(record), key=message.key)
    return session
