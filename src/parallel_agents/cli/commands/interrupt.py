"""`interrupt`: end the running turn."""

import argparse

from parallel_agents.cli.common import Verbs, ask, key, session_argument, verb
from parallel_agents.wire.messages import Interrupt


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    session_argument(
        verb(verbs, "interrupt", run, "end the running turn; the process stays alive alive")
    )


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    ask(Interrupt(key=key(), session=args.session))
    return 0
