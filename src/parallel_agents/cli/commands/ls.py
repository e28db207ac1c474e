"""`ls`: list sessions."""

import argparse

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, absolute, ask, json_argument, verb
from parallel_agents.wire.messages import ListSessions, SessionRow


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "ls", run, "list sessions")
    parser.add_argument(
        "--all", dest="every", action="store_true", help="include those finished for over a day"
    )
    parser.add_argument("--cwd", metavar="DIR", help="only those of this directory's repository")
    parser.add_argument("--state", metavar="S", help="only those in this state")
    json_argument(parser, tuple[SessionRow, ...])


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    directory = absolute(args.cwd) if args.cwd else None
    reply = ask(ListSessions(every=args.every, directory=directory, state=args.state))
    if args.json:
        render.as_json(reply.sessions)
    else:
        render.sessions(reply.sessions)
    return 0
