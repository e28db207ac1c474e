"""`clean`: move finished sessions without work of their own to the trash."""

import argparse

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, ask, json_argument, key, verb
from parallel_agents.wire.messages import Clean, Cleaned


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(
        verbs, "clean", run, "delete finished sessions whose work is merged, or that did none"
    )
    parser.add_argument("--dry-run", action="store_true", help="only list them")
    parser.add_argument(
        "--older-than",
        metavar="DAYS",
        type=float,
        help="only those quiet for this long; `auto_clean_days` by default, or 7",
    )
    json_argument(parser, Cleaned)


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    reply = ask(Clean(key=key(), days=args.older_than, dry_run=args.dry_run))
    if args.json:
        render.as_json(reply)
        return 0
    verdicts = [("would go" if args.dry_run else "deleted", v) for v in reply.cleaned]
    verdicts += [("kept", v) for v in reply.kept]
    for line in render.table([(v.id, v.name, did, v.why) for did, v in verdicts]):
        render.data(line)
    if not verdicts:
        render.talk("There is nothing to clean up.")
    elif reply.cleaned and not args.dry_run:
        render.talk("Bring one back: parallel-agents restore ID")
    return 0
