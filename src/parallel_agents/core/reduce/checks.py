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
            asked = names if event.by == "person" else ()
            return replace(
                checks,
                waiting=_joined(checks.waiting, names),
                asked=_joined(checks.asked, asked),
            )
        case ev.ChecksStopped():
            return replace(checks, waiting=(), asked=())
        case ev.CheckStarted():
            return _started(checks, event, at)
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


def _joined(known: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*known, *more)))[:CHECKS]


def _without(names: tuple[str, ...], gone: str) -> tuple[str, ...]:
    return tuple(name for name in names if name != gone)


def _started(checks: ChecksFacts, event: ev.CheckStarted, at: int) -> ChecksFacts:
    running = CheckRun(
        name=event.name,
        command=event.command,
        tree=event.tree,
        started_at=at,
        asked=event.name in checks.asked,
    )
    return replace(
        checks,
        running=running,
        waiting=_without(checks.waiting, event.name),
        asked=_without(checks.asked, event.name),
        tree=event.tree or checks.tree,
    )


def _ended(checks: ChecksFacts, event: ev.CheckEnded, at: int) -> ChecksFacts:
    run = checks.running
    if run is None or run.name != event.name:  # it could not start
        asked = event.name in checks.asked
        unrun = CheckRun(name=event.name, command="", tree="", started_at=at, asked=asked)
        waiting = _without(checks.waiting, event.name)
        rest = replace(checks, waiting=waiting, asked=_without(checks.asked, event.name))
        return _with_result(rest, unrun, event)
    # One that was asked for again while it ran still waits.
    return _with_result(replace(checks, running=None), run, event)


def _with_result(checks: ChecksFacts, run: CheckRun, event: ev.CheckEnded) -> ChecksFacts:
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
        asked=run.asked,
    )
    others = tuple(other for other in checks.results if other.name != event.name)
    return replace(checks, results=(*others, result)[-CHECKS:], tree=event.tree or checks.tree)
