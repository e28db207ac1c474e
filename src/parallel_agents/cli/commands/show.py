"""`show`: one session."""

import argparse

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, ask, json_argument, session_argument, verb
from parallel_agents.wire.messages import Show


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "show", run, "show one session")
    session_argument(parser)
    json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Carry it out."""
    entry = ask(Show(session=args.session))["session"]
    if args.json:
        render.as_json(entry)
    else:
        render.session(entry)
    return 0
