"""What people ask of the checks of a session.

Keep true: what a check printed reaches the agent as a quotation that it cannot leave.
"""

import contextlib
import re

from parallel_agents.core.check_facts import CheckResult, ChecksFacts
from parallel_agents.core.errors import RefusedError, UserError, of_system
from parallel_agents.core.text import safe, tool_output
from parallel_agents.supervisor.base.check_settings import CheckCommand, is_check_name
from parallel_agents.supervisor.place.check_output import OutputPage
from parallel_agents.supervisor.sessions.session import Session
from parallel_agents.wire import messages as m

QUOTED = 5_500
"""How many bytes of a check's output the agent is sent at most."""


async def run_checks(session: Session, message: m.RunChecks) -> None:
    """Run checks.

    Raises:
        UserError: they may not run, or there are none.
    """
    if message.key in session.state.keys:
        return
    _refuse_absent(session)
    await session.workplace.checks.ask(message.names, message.key)


def stop_checks(session: Session, key: str) -> None:
    """Stop the checks.

    Raises:
        UserError: none runs or waits.
    """
    if key in session.state.keys:
        return
    if not session.state.checks.busy:
        raise UserError("No check is running.", f"parallel-agents checks {session.id}")
    session.workplace.checks.stop("it was stopped", key)


def _refuse_absent(session: Session) -> None:
    if session.state.session.deleting or session.state.session.deleted:
        raise RefusedError(
            f"The session {session.id} is deleted.", f"parallel-agents restore {session.id}"
        )
    if session.state.place.creating:
        raise UserError(
            "The worktree is still being made.", f"Wait for it: parallel-agents show {session.id}"
        )


async def list_checks(session: Session) -> m.CheckList:
    """The checks and their last results."""
    checks = session.workplace.checks
    commands: tuple[CheckCommand, ...] = ()
    problem = ""
    try:
        _refuse_absent(session)
        commands = await checks.commands()
    except UserError as error:
        problem = f"{error.message} {error.hint}".strip()
    if session.state.checks.results:
        with contextlib.suppress(UserError):
            await session.workplace.changes.tree()
    facts = session.state.checks
    rows = [_row(facts, command.name, command) for command in commands]
    known = {command.name for command in commands}
    rows += [_row(facts, name, None) for name in facts.names if name not in known]
    return m.CheckList(checks=tuple(rows), problem=problem)


def _row(facts: ChecksFacts, name: str, command: CheckCommand | None) -> m.CheckRow:
    result = facts.result(name)
    given = CheckCommand(name=name, command="", timeout=0.0) if command is None else command
    row = m.CheckRow(
        name=name,
        command=given.command,
        timeout=given.timeout,
        after_turn=given.after_turn,
        state=facts.state(name),
    )
    return row if result is None else _with_result(row, result, stale=facts.is_stale(result))


def _with_result(row: m.CheckRow, result: CheckResult, *, stale: bool) -> m.CheckRow:
    return m.CheckRow(
        name=row.name,
        command=row.command,
        timeout=row.timeout,
        after_turn=row.after_turn,
        state=row.state,
        stale=stale,
        code=result.code,
        reason=result.reason,
        started_at=result.started_at,
        ms=result.ms,
        moved=result.moved,
        tree=result.tree,
        tail=result.tail,
    )


async def output_page(session: Session, name: str, offset: int) -> m.CheckOutputPage:
    """Read a part of a check's output.

    Raises:
        UserError: there is no such check, or its output cannot be read.
    """
    running = session.state.checks.running
    ended = running is None or running.name != name
    page = await _read(session, name, offset, ended=ended)
    return m.CheckOutputPage(
        text=page.text, start=page.start, next=page.next, size=page.size, ended=ended
    )


async def _read(session: Session, name: str, offset: int, *, ended: bool) -> OutputPage:
    if not is_check_name(name):
        raise UserError(f"There is no check “{name}”.", f"parallel-agents checks {session.id}")
    output = session.workplace.checks.output(name)
    try:
        return await session.context.threads.quick(output.page, offset, ended=ended)
    except OSError as error:
        raise of_system(error, f"cannot read the output of {name}") from error


async def send_failure(session: Session, key: str, name: str) -> None:
    """Tell the agent of a failed check, as an ordinary message.

    Args:
        session: whose check.
        key: uuid of the message.
        name: which check; empty for the one that failed last.

    Raises:
        UserError: it has not failed, or the session takes no message now.
    """
    if key in session.state.keys:
        return
    result = _failed(session.state.checks, name)
    if result is None:
        what = f"The check “{name}” has not failed." if name else "No check has failed."
        raise UserError(what, f"Run the checks: parallel-agents check {session.id}")
    page = await _read(session, result.name, -1, ended=True)
    stale = session.state.checks.is_stale(result)
    await session.send(key, failure_text(result, page.text or result.tail, stale=stale))


def _failed(facts: ChecksFacts, name: str) -> CheckResult | None:
    found = (each for each in reversed(facts.results) if each.failed and name in {"", each.name})
    return next(found, None)


def failure_text(result: CheckResult, output: str, *, stale: bool) -> str:
    """Say to the agent that a check has failed.

    Args:
        result: how it ended.
        output: what it printed, raw, or the end of it.
        stale: whether files have changed since.
    """
    how = result.reason or f"exit {result.code}"
    since = " Files have changed since then." if stale else ""
    head = f"The check {result.name} failed ({how}).{since}"
    quoted = _end_of(safe(tool_output(output)).strip("\n"))
    if not quoted.strip():
        return f"{head} It printed nothing."
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", quoted)), default=0))
    return f"{head} Its last lines:\n\n{fence}\n{quoted}\n{fence}"


def _end_of(text: str) -> str:
    """The last lines that fit; of a single one that does not, its end."""
    data = text.encode("utf-8")
    if len(data) <= QUOTED:
        return text
    end = data[-QUOTED:].decode("utf-8", "ignore")
    _, newline, lines = end.partition("\n")
    return lines if newline and lines.strip() else end
