"""`archive`: put sessions out of the list."""

import argparse

from parallel_agents.cli.common import Verbs, ask, key, sessions_argument, verb
from parallel_agents.wire.messages import Archive


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    sessions_argument(
        verb(verbs, "archive", run, "put sessions out of the list, and keep all of them")
    )


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    for session in args.sessions:
        ask(Archive(key=key(), session=session, archived=True))
    return 0
