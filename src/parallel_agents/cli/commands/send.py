"""`send`: send a message to a session's agent."""

import argparse

from parallel_agents.cli import streams
from parallel_agents.cli.common import Verbs, ask, key, session_argument, verb
from parallel_agents.wire.messages import Send


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "send", run, "send a message; this wakes a session without a process")
    session_argument(parser)
    parser.add_argument("text", metavar="TEXT", help="the message; - reads standard input")


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    text = streams.read() if args.text == "-" else args.text
    ask(Send(key=key(), session=args.session, text=text))
    return 0
