"""`rename`: give a session another display name."""

import argparse

from parallel_agents.cli.common import Verbs, ask, key, session_argument, verb
from parallel_agents.wire.messages import Rename


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "rename", run, "give a session another name")
    session_argument(parser)
    parser.add_argument("name", metavar="NAME")


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    ask(Rename(key=key(), session=args.session, name=args.name))
    return 0
