"""`respawn`: restart a session's process."""

import argparse

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, ask, environment, key, verb
from parallel_agents.core.errors import UsageError, UserError
from parallel_agents.wire.messages import ListSessions, Respawn


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "respawn", run, "restart the process in the same conversation")
    parser.add_argument("session", metavar="ID", nargs="?", help="short id, prefix, or name")
    parser.add_argument(
        "--all", dest="every", action="store_true", help="all sessions without a process"
    )


def run(args: argparse.Namespace) -> int:
    """Run the verb.

    Raises:
        UsageError: neither or both of a session and `--all` were given.
    """
    if bool(args.session) == args.every:
        raise UsageError("Name one session, or --all.")
    if args.session:
        ask(Respawn(key=key(), session=args.session, environment=environment()))
        return 0
    failed = 0
    for entry in ask(ListSessions(every=True)).sessions:
        if entry.pid is None and entry.state != "working":
            failed |= _one(entry.id)
    return failed


def _one(session: str) -> int:
    try:
        ask(Respawn(key=key(), session=session, environment=environment()))
    except UserError as error:
        return render.complain(error)
    render.data(session)
    return 0
