"""`rm`: move a session to the trash."""

import argparse

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, ask, key, session_argument, verb
from parallel_agents.wire.messages import Delete


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    session_argument(verb(verbs, "rm", run, "stop and delete a session; `restore` brings it back"))


def run(args: argparse.Namespace) -> int:
    """Carry it out."""
    reply = ask(Delete(key=key(), session=args.session))
    session = reply["session"]["id"]
    for saved in reply["saved"]:
        render.talk(f"saved: {saved}")
    for skipped in reply["skipped"]:
        render.talk(f"not saved: {skipped}")
    render.talk(f"Bring it back: parallel-agents restore {session}")
    return 0
