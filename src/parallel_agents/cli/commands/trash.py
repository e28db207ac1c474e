"""`trash`: what was deleted and can come back."""

import argparse

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, ask, json_argument, key, verb
from parallel_agents.wire.messages import EmptyTrash, ListTrash


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "trash", run, "list what was deleted; --empty removes it for good")
    parser.add_argument("--empty", action="store_true", help="remove everything in it, for good")
    json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Carry it out."""
    if args.empty:
        for session in ask(EmptyTrash(key=key()))["removed"]:
            render.data(session)
        return 0
    entries = ask(ListTrash())["entries"]
    if args.json:
        render.as_json(entries)
        return 0
    rows = [
        (
            e["id"],
            e["name"],
            render.age(e["deletedAt"]),
            f"{e['sizeBytes']:,} B",
            ", ".join(e["saved"]),
        )
        for e in entries
    ]
    for line in render.table(rows):
        render.data(line)
    if not entries:
        render.talk("The trash is empty.")
    return 0
