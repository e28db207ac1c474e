"""`pin`: keep a session at the top, and awake."""

import argparse

from parallel_agents.cli.common import Verbs, ask, key, session_argument, verb
from parallel_agents.wire.messages import Pin


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "pin", run, "pin a session to the top of the list")
    session_argument(parser)
    parser.add_argument("--off", action="store_true", help="unpin it")


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    ask(Pin(key=key(), session=args.session, pinned=not args.off))
    return 0
