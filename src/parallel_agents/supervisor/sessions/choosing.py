"""Choosing the mode, model and effort of a session's agent.

Keep true: what is journalled is what is in effect: a live agent that refuses a mode keeps the old.
"""

from parallel_agents.core import events as ev
from parallel_agents.core.errors import RefusedError
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.options import Options
from parallel_agents.core.value import replace
from parallel_agents.supervisor.sessions.session import Session


async def set_options(
    session: Session, key: str, *, mode: str | None, model: str | None, effort: str | None
) -> None:
    """Change mode, model or effort, now if the process is alive and for every later start.

    Raises:
        UsageError: there is no such mode or effort.
        RefusedError: the agent's program does not accept the mode now.
        AgentError: it does not answer.
    """
    if key in session.state.keys:
        return
    session.agent.traits.check_mode(mode)
    session.agent.traits.check_effort(effort)
    if mode is not None and session.state.process.liveness == "alive":
        mode = await _change_mode(session, mode)
    given = {"mode": mode, "model": model, "effort": effort}
    changed = {name: value for name, value in given.items() if value is not None}
    options: Options = replace(session.state.session.options, **changed)
    session.ledger.record(ev.OptionsChanged(options=options), key=key)
    if mode is not None and session.state.process.liveness == "starting":
        await session.driver.soon(session.driver.say(session.agent.set_mode(new_uuid(), mode)))
    if model is not None:
        await session.driver.soon(session.driver.say(session.agent.set_model(new_uuid(), model)))
    if effort is not None:
        await session.driver.soon(session.driver.say(session.agent.set_effort(new_uuid(), effort)))


async def _change_mode(session: Session, mode: str) -> str:
    """Ask the agent to change its mode; returns the mode that is really in effect."""
    request = new_uuid()
    sent = session.driver.say(session.agent.set_mode(request, mode))
    answer = await session.driver.questions.ask(request, sent)
    if not answer.ok:
        hint = f"A process can be started with it: stop the session, then set it: {session.id}"
        raise RefusedError(f"The agent refused: {answer.error}", hint)
    said = answer.response.get("mode")
    return said if said in session.agent.traits.mode_names else mode
