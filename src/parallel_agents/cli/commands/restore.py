"""`restore`: bring a session back from the trash."""

import argparse

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, ask, key, session_argument, verb
from parallel_agents.wire.messages import Restore


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    session_argument(verb(verbs, "restore", run, "bring a deleted session back"))


def run(args: argparse.Namespace) -> int:
    """Carry it out."""
    reply = ask(Restore(key=key(), session=args.session))
    render.raw(f"{reply['session']['worktree'] or reply['session']['id']}\n")
    return 0
