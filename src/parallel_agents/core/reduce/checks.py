"""The fold over the checks of a session."""

from typing import assert_never

from parallel_agents.core import events as ev
from parallel_agents.core.check_facts import CHECKS, CheckResult, CheckRun, ChecksFacts
from parallel_agents.core.value import replace

ChecksConcern = ev.SessionCreated | ev.CheckEvent
"""The events that change it."""


def fold_checks(checks: ChecksFacts, event: ChecksConcern, at: int) -> ChecksFacts:
    """Fold what becomes of the checks.

    Args:
        checks: the facts before it.
        event: what happened.
        at: when, in milliseconds since 1970.

    Returns:
        The facts after it.
    """
    match event:
        case ev.SessionCreated():
            return ChecksFacts()
        case ev.ChecksAsked(names=names):
            return replace(checks, waiting=tuple(dict.fromkeys((*checks.waiting, *names)))[:CHECKS])
        case ev.ChecksStopped():
            return replace(checks, waiting=())
        case ev.CheckStarted(name=name):
            running = CheckRun(name=name, command=event.command, tree=event.tree, started_at=at)
            waiting = tuple(other for other in checks.waiting if other != name)
            return replace(checks, running=running, waiting=waiting, tree=event.tree or checks.tree)
        case ev.CheckOutput(name=name, size=size):
            run = checks.running
            if run is None or run.name != name:
                return checks
            return replace(checks, running=replace(run, size=size))
        case ev.CheckEnded():
            return _ended(checks, event, at)
        case ev.TreeSeen(tree=tree):
            return replace(checks, tree=tree)
        case _:
            assert_never(event)


def _ended(checks: ChecksFacts, event: ev.CheckEnded, at: int) -> ChecksFacts:
    run = checks.running
    if run is None or run.name != event.name:
        run = CheckRun(name=event.name, command="", tree="", started_at=at)
    result = CheckResult(
        name=event.name,
        command=run.command,
        tree=run.tree,
        code=event.code,
        ending=event.ending,
        reason=event.reason,
        started_at=run.started_at,
        ms=event.ms,
        moved=bool(run.tree and event.tree and run.tree != event.tree),
        tail=event.tail,
    )
    others = tuple(other for other in checks.results if other.name != event.name)
    return replace(
        checks,
        running=None if checks.running is run else checks.running,
        waiting=tuple(name for name in checks.waiting if name != event.name),
        results=(*others, result)[-CHECKS:],
        tree=event.tree or checks.tree,
    )
