"""`trash`: list deleted sessions, or remove them for good."""

import argparse
from collections.abc import Sequence

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, ask, json_argument, key, verb
from parallel_agents.core.errors import UsageError
from parallel_agents.wire.messages import DeletedSession, EmptyTrash, ListTrash


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "trash", run, "list deleted sessions; --empty removes them for good")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--empty", action="store_true", help="remove everything in it, for good")
    what.add_argument("--drop", metavar="ID", help="remove one session in it, for good")
    parser.add_argument(
        "--older-than",
        metavar="DAYS",
        type=float,
        help="with --empty: only what is older than this than this",
    )
    json_argument(parser, tuple[DeletedSession, ...], tuple[str, ...])


def run(args: argparse.Namespace) -> int:
    """Run the verb.

    Raises:
        UsageError: `--older-than` was given without `--empty`.
    """
    if args.older_than is not None and not args.empty:
        raise UsageError("--older-than goes with --empty.", "parallel-agents trash --help")
    if args.empty or args.drop is not None:
        removed = ask(EmptyTrash(key=key(), days=args.older_than, session=args.drop)).removed
        if args.json:
            render.as_json(removed)
        else:
            for session in removed:
                render.data(session)
        return 0
    entries = ask(ListTrash()).entries
    if args.json:
        render.as_json(entries)
    else:
        _list(entries)
    return 0


def _list(entries: Sequence[DeletedSession]) -> None:
    for line in render.table([_row(entry) for entry in entries]):
        render.data(line)
    if not entries:
        render.talk("The trash is empty.")


def _row(entry: DeletedSession) -> tuple[str, ...]:
    size = "counting" if entry.size_bytes is None else render.size(entry.size_bytes)
    said = ", ".join([*entry.saved, *entry.notes]) or "no work of its own"
    return entry.id, entry.name, render.age(entry.deleted_at), size, said
