"""`inbox`: list what waits for a decision, over all sessions."""

import argparse

from parallel_agents.cli import asked, render
from parallel_agents.cli.common import Verbs, json_argument, verb
from parallel_agents.cli.printed import WaitingRequest
from parallel_agents.cli.waiting import waiting
from parallel_agents.client.quick import QuickClient


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "inbox", run, "list the requests that wait for you, the longest first")
    json_argument(parser, tuple[WaitingRequest, ...])


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    client = QuickClient()
    entries = tuple(waiting(client))
    if args.json:
        render.as_json(entries)
        return 0
    if not entries:
        render.talk("Nothing waits for you.")
    for number, entry in enumerate(entries):
        if number:
            render.data("")
        for line in asked.entry(entry):
            render.data(line)
    return 0
