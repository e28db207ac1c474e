"""`attach`: open a conversation in this terminal until its program ends."""

import argparse

from parallel_agents.cli import streams
from parallel_agents.cli.common import Verbs, session_argument, verb
from parallel_agents.client.attach import attach


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    session_argument(verb(verbs, "attach", run, "open the conversation in this terminal"))


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    instead = f"Send a message instead: parallel-agents send {args.session} 'what to do'"
    streams.refuse_without_screen("The conversation", instead)
    return attach(args.session)
