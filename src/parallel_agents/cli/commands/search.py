"""`search`: look for a text in all transcripts."""

import argparse

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, ask, json_argument, verb
from parallel_agents.core.text import safe_line
from parallel_agents.wire.messages import Search, SearchHit


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "search", run, "look for a text in all transcripts")
    parser.add_argument("text", metavar="TEXT", help="literal; upper and lower case are the same")
    json_argument(parser, tuple[SearchHit, ...])


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    reply = ask(Search(text=args.text))
    if args.json:
        render.as_json(reply.hits)
    for hit in () if args.json else reply.hits:
        head = f"{hit.session}  {safe_line(hit.name, 28)}  turn {hit.turn}  {hit.who}:"
        render.data(f"{head} {safe_line(hit.line)}")
    if not reply.hits:
        render.talk("Found nowhere.")
    elif not reply.complete:
        render.talk("There may be more: not everything was looked through.")
    return 0
