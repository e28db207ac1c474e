"""Handles the requests about the checks of a session."""

from parallel_agents.supervisor.front.service import Service
from parallel_agents.supervisor.sessions import checking
from parallel_agents.supervisor.sessions.session_rows import durable_row
from parallel_agents.wire import messages as m


async def run_checks(service: Service, message: m.RunChecks) -> m.SessionRow:
    """Run checks."""
    session = service.find(message.session)
    await checking.run_checks(session, message)
    return await durable_row(session)


async def stop_checks(service: Service, message: m.StopChecks) -> m.SessionRow:
    """Stop the checks."""
    session = service.find(message.session)
    checking.stop_checks(session, message.key)
    return await durable_row(session)


async def list_checks(service: Service, message: m.ListChecks) -> m.CheckList:
    """The checks and their last results."""
    return await checking.list_checks(service.find(message.session))


async def read_check_output(service: Service, message: m.ReadCheckOutput) -> m.CheckOutputPage:
    """A part of a check's output."""
    session = service.find(message.session)
    return await checking.output_page(session, message.name, message.offset)


async def send_check(service: Service, message: m.SendCheck) -> m.SessionRow:
    """Tell the agent of a failed check."""
    session = service.find(message.session)
    await checking.send_failure(session, message.key, message.name)
    return await durable_row(session)
