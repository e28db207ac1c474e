"""`checks`: list the checks of a session, with their last results."""

import argparse

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, ask, json_argument, session_argument, verb
from parallel_agents.core.text import safe_line
from parallel_agents.wire.messages import CheckList, CheckRow, ListChecks

_MARKS = {"passed": "✓", "failed": "✗", "late": "✗", "unable": "✗", "running": "●"}


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "checks", run, "list the checks of a session, with their last results")
    session_argument(parser)
    json_argument(parser, CheckList)


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    found = ask(ListChecks(session=args.session))
    if args.json:
        render.as_json(found)
        return 0
    for check in found.checks:
        render.data(_line(check))
    if found.problem:
        render.talk(found.problem)
    elif not found.checks:
        render.talk("This repository has no checks.")
    return 0


def _line(check: CheckRow) -> str:
    words = [f"{_MARKS.get(check.state, '○')} {check.name}: {check.state}"]
    if check.state == "failed":
        words.append(f"exit {check.code}")
    if check.reason and check.state not in {"running", "waiting"}:
        words.append(safe_line(check.reason))
    if check.started_at:
        words.append(f"{check.ms / 1000:.1f}s, {render.age(check.started_at)} ago")
    if check.stale:
        words.append("files have changed since")
    return " · ".join(words)
