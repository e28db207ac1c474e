"""Answers about comments."""

from parallel_agents.core.review import Comment
from parallel_agents.supervisor.front.service import Service
from parallel_agents.supervisor.sessions import commenting
from parallel_agents.supervisor.sessions.session_rows import durable_row
from parallel_agents.wire import messages as m


async def write_comment(service: Service, message: m.WriteComment) -> Comment:
    """Write a comment."""
    session = service.find(message.session)
    comment = await commenting.write(session, message)
    await durable_row(session)
    return comment


async def delete_comment(service: Service, message: m.DeleteComment) -> m.SessionRow:
    """Take a comment back."""
    session = service.find(message.session)
    commenting.delete(session, message.key, message.id)
    return await durable_row(session)


async def resolve_comment(service: Service, message: m.ResolveComment) -> m.SessionRow:
    """Be done with a comment."""
    session = service.find(message.session)
    commenting.resolve(session, message.key, message.id, resolved=message.resolved)
    return await durable_row(session)


async def send_comments(service: Service, message: m.SendComments) -> m.SessionRow:
    """Send comments to the agent."""
    session = service.find(message.session)
    await commenting.send(session, message.key, message.ids, message.note)
    return await durable_row(session)


async def comments(service: Service, message: m.Comments) -> m.CommentList:
    """The comments and where their lines are."""
    session = service.find(message.session)
    return m.CommentList(comments=await commenting.placed(session, message.parts))
