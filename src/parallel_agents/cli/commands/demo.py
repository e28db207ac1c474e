"""`demo`: try the product without an account, in a scratch repository with demo sessions."""

import argparse

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, environment, key, verb
from parallel_agents.cli.open_tui import open_screen
from parallel_agents.client.quick import QuickClient
from parallel_agents.core.errors import UsageError
from parallel_agents.core.options import Options
from parallel_agents.wire.messages import MakeScratchRepository, New

STORIES = (
    ("permission", "permission: run the tests and tell me what fails"),
    ("question", "question: add a store for the orders"),
    ("plan", "plan: split the parser into smaller functions"),
    ("edit", "edit: write down what this project does"),
    ("fail", "fail: ask a model that cannot answer"),
)
"""Name and prompt of each demo session; the first word chooses the demo agent's story."""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "demo", run, "try it out: a scratch repository and demo agents")
    parser.add_argument(
        "--no-screen", action="store_true", help="only start the sessions and print their ids"
    )


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    client = QuickClient()
    directory = client.request(MakeScratchRepository(key=key())).directory
    for name, prompt in STORIES:
        row = client.request(
            New(
                key=key(),
                prompt=prompt,
                name=name,
                directory=directory,
                base="head",
                agent="demo",
                options=Options(mode="default"),
                environment=environment(),
            )
        )
        if args.no_screen:
            render.data(row.id)
    client.close()
    if args.no_screen:
        return 0
    try:
        return open_screen(directory)
    except UsageError as error:
        render.talk(f"The sessions run. {error.message} {error.hint}")
        return 0
