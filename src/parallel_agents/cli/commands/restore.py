"""`restore`: bring a session back from the trash."""

import argparse

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, absolute, ask, key, session_argument, verb
from parallel_agents.wire.messages import Restore


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "restore", run, "bring a deleted session back")
    session_argument(parser)
    parser.add_argument("--in", dest="directory", metavar="DIR", help="where its repository is now")


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    directory = absolute(args.directory) if args.directory else ""
    row = ask(Restore(key=key(), session=args.session, directory=directory))
    render.raw(f"{row.worktree or row.id}\n")
    return 0
