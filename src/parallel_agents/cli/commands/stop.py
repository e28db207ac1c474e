"""`stop`: end a session's process."""

import argparse

from parallel_agents.cli.common import Verbs, ask, key, session_argument, verb
from parallel_agents.wire.messages import Stop


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    session_argument(verb(verbs, "stop", run, "end the process, but keep the conversation"))


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    ask(Stop(key=key(), session=args.session))
    return 0
