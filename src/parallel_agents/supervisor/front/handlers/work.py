"""Handles the requests that make an agent work, answer it, or stop it."""

from parallel_agents.core.errors import RefusedError, UserError
from parallel_agents.core.label import derive
from parallel_agents.supervisor.front.service import Service
from parallel_agents.supervisor.run.spawn import kept_environment
from parallel_agents.supervisor.sessions import choosing
from parallel_agents.supervisor.sessions.lending import attach_command, take_back
from parallel_agents.supervisor.sessions.requests import find_pending
from parallel_agents.supervisor.sessions.session_rows import durable_row, session_row
from parallel_agents.wire import messages as m


async def new(service: Service, message: m.New) -> m.SessionRow:
    """Dispatch a session.

    Raises:
        UserError: the client waits for the start, and the session did not start.
    """
    session = await service.supervisor.dispatch(message)
    if message.wait_ready:
        state = await session.ledger.until(
            lambda s: s.process.liveness == "alive" or derive(s).state in {"failed", "stopped"}
        )
        if state.process.liveness != "alive":
            raise UserError(
                f"The session {session.id} did not start: {derive(state).detail}",
                f"parallel-agents respawn {session.id}",
            )
    return await durable_row(session)


async def adopt(service: Service, message: m.Adopt) -> m.SessionRow:
    """Turn a worktree that somebody else made into a session."""
    return await durable_row(await service.supervisor.adopt(message))


async def send(service: Service, message: m.Send) -> m.SessionRow:
    """Send a message."""
    session = service.find(message.session)
    await session.send(message.key, message.text)
    return await durable_row(session)


async def pending_input(service: Service, message: m.PendingInput) -> m.RequestInput:
    """The whole input of a pending request."""
    request = await find_pending(service.find(message.session), message.request)
    return m.RequestInput(
        request_id=request.id,
        kind=request.kind,
        tool_name=request.tool_name,
        summary=request.said,
        questions=request.questions,
        input=request.input,
        digest=request.digest,
        description=request.description,
        reason=request.reason,
        rules=request.rules,
    )


async def answer(service: Service, message: m.Answer) -> m.SessionRow:
    """Decide a request."""
    session = service.find(message.session)
    if message.key not in session.state.keys:
        await find_pending(session, message.request)
    await session.answer(message.key, message.decision, message.request, message.digest)
    return await durable_row(session)


async def interrupt(service: Service, message: m.Interrupt) -> m.SessionRow:
    """End the running turn."""
    session = service.find(message.session)
    await session.interrupt(message.key)
    return session_row(session.state)


async def stop(service: Service, message: m.Stop) -> m.SessionRow:
    """End the process."""
    session = service.find(message.session)
    await session.stop(message.key, "person", wait=message.wait)
    return await durable_row(session)


async def respawn(service: Service, message: m.Respawn) -> m.SessionRow:
    """Start the process again."""
    session = service.find(message.session)
    environment = message.environment
    agents = service.supervisor.context.agents
    kept = None if environment is None else kept_environment(environment, agents)
    await session.respawn(message.key, kept)
    return await durable_row(session)


async def set_options(service: Service, message: m.SetOptions) -> m.SessionRow:
    """Change mode, model or effort."""
    session = service.find(message.session)
    await choosing.set_options(
        session, message.key, mode=message.mode, model=message.model, effort=message.effort
    )
    return await durable_row(session)


async def attach_begin(service: Service, message: m.AttachBegin) -> m.TerminalCommand:
    """Lend the conversation to the user's terminal.

    Raises:
        RefusedError: a turn is running.
    """
    session = service.find(message.session)
    command = await session.context.threads.git(attach_command, session)
    if message.key not in session.state.keys:
        session.check_present()
    if session.state.turn.running:
        raise RefusedError(
            "A turn is running; attaching would cut it off.",
            f"Wait for it to end, or interrupt it first: parallel-agents interrupt {session.id}",
        )
    service.terminals.lent(session.id, message.key)
    await session.stop(message.key, "attach")
    return command


async def attach_end(service: Service, message: m.AttachEnd) -> m.SessionRow:
    """Take the conversation back from the user's terminal."""
    session = service.find(message.session)
    await take_back(session, message.key)
    return await durable_row(session)
