"""`rm`: move a session to the trash."""

import argparse
from collections.abc import Callable
from typing import TypeVar

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, ask, json_argument, key, session_argument, verb
from parallel_agents.wire.messages import Delete, Deletion, OwnWork, OwnWorkReply

T = TypeVar("T")


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "rm", run, "stop and delete a session; `restore` brings it back")
    session_argument(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="only say what would be saved, and what would not"
    )
    json_argument(parser, Deletion, OwnWorkReply)


def run(args: argparse.Namespace) -> int:
    """Run the verb; it prints little about a session without work of its own."""
    if args.dry_run:
        own = ask(OwnWork(session=args.session))
        _tell(args, own, _say_what_would_be)
    else:
        _tell(args, ask(Delete(key=key(), session=args.session)), _say_what_was)
    return 0


def _tell(args: argparse.Namespace, reply: T, say: Callable[[T], None]) -> None:
    if args.json:
        render.as_json(reply)
    else:
        say(reply)


def _say_what_would_be(reply: OwnWorkReply) -> None:
    for saved in reply.saved:
        render.data(f"would be saved: {saved}")
    if not reply.saved:
        render.data("everything in this session also exists elsewhere")
    if reply.merged:
        render.data(f"its commits: {reply.merged}")
    for skipped in reply.skipped:
        render.data(f"would not be saved: {skipped}")


def _say_what_was(reply: Deletion) -> None:
    if not reply.saved:
        render.talk("deleted")
    for saved in reply.saved:
        render.talk(f"saved: {saved}")
    for skipped in reply.skipped if reply.saved else ():
        render.talk(f"not saved: {skipped}")
    for note in reply.notes:
        render.talk(f"note: {note}")
    if reply.saved:
        until = f", until {render.day(reply.until)}" if reply.until else ""
        render.talk(f"Bring it back: parallel-agents restore {reply.session.id}{until}")
