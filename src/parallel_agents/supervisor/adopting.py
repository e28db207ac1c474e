"""Begin a session in a worktree that somebody else made.

Keep true: what would be refused is said before anything is journalled; the worktree is looked at
again, under the repository's lock, when it is taken.
"""

import os

from parallel_agents.core import events as ev
from parallel_agents.core.errors import RefusedError, UsageError
from parallel_agents.core.text import as_text
from parallel_agents.supervisor.context import Context
from parallel_agents.supervisor.dispatch import prepare
from parallel_agents.supervisor.session import Session
from parallel_agents.supervisor.workplace import ready_event
from parallel_agents.wire.messages import Adopt, New

_NOTHING_YET = "-"


def prepare_adoption(context: Context, message: Adopt, session: str) -> New:
    """Check an adoption and fill what it leaves open; blocking: runs git.

    Args:
        context: what sessions share.
        message: what a person asked for.
        session: id that the session will have.

    Returns:
        The dispatch it amounts to, in the main worktree.

    Raises:
        RefusedError: the worktree may not be adopted.
        UserError: as `dispatch.prepare`.
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
    """The event that begins the session.

    Args:
        ready: from `prepare_adoption`.
        session: its id.
        name: its name.
        message: what was asked for.
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
    """Give a session the worktree back that was made for it and moved since.

    Args:
        session: whose lock the worktree carries.
        message: what a person asked for.

    Returns:
        The session.

    Raises:
        UsageError: there is a prompt, too.
        RefusedError: it is in the trash, or its worktree is not where the agent finds it.
        UserError: it could not be taken along.
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
