"""`wait`: wait until a session is in a given state."""

import argparse

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, ask, session_argument, verb
from parallel_agents.wire.messages import Wait


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "wait", run, "wait until a session is in one of these states")
    session_argument(parser)
    parser.add_argument("--until", required=True, metavar="STATE[,STATE]")
    parser.add_argument("--timeout", type=float, metavar="SECONDS")


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    states = tuple(part.strip() for part in args.until.split(",") if part.strip())
    reply = ask(Wait(session=args.session, states=states, timeout=args.timeout))
    entry = reply.session
    render.data(entry.state)
    if reply.reached:
        return 0
    render.talk(f"The session {entry.id} is {entry.state}: {entry.detail}")
    return 1
