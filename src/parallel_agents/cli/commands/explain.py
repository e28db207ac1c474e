"""`explain`: show why a session is in its state."""

import argparse

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, ask, json_argument, session_argument, verb
from parallel_agents.core.text import safe_line
from parallel_agents.wire.messages import Explain, Explanation


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "explain", run, "print the facts and evidence behind a state")
    session_argument(parser)
    json_argument(parser, Explanation)


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    reply = ask(Explain(session=args.session))
    if args.json:
        render.as_json(reply)
        return 0
    detail = f": {reply.detail}" if reply.detail else ""
    render.data(f"{reply.shown} ({reply.state}){safe_line(detail)}")
    render.data("facts")
    for line in render.table([(f"  {name}", str(value)) for name, value in reply.facts.items()]):
        render.data(line)
    render.data("evidence")
    for item in reply.evidence:
        when = f"{render.age(item.at)} ago" if item.at else "never"
        render.data(f"  {item.fact}: event {item.seq} {item.event}, {when}")
        if item.line:
            render.data(f"    {safe_line(item.line, 400)}")
    return 0
