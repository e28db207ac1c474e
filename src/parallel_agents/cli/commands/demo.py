"""`demo`: try the product without an account, in a scratch repository with demo sessions."""

import argparse

from parallel_agents import demo_tasks
from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, environment, key, verb
from parallel_agents.cli.open_tui import open_screen
from parallel_agents.client.quick import QuickClient
from parallel_agents.core.errors import UsageError
from parallel_agents.core.options import Options
from parallel_agents.wire.messages import MakeScratchRepository, New

SESSIONS = (
    ("permission", demo_tasks.FIX, "default"),
    ("question", demo_tasks.ORDERS, "default"),
    ("plan", demo_tasks.PLAN, "default"),
    ("edit", demo_tasks.RENAME, "auto"),
    ("stream", demo_tasks.EXPLAIN, "default"),
    ("fail", demo_tasks.FAIL, "default"),
)
"""Name, task and permission mode of each demo session; the demo agent knows the tasks by heart.

`edit` asks for nothing, so that there is a diff to read before anything is decided, and it changes
a file that `permission` changes, too.
"""


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
    for name, prompt, mode in SESSIONS:
        row = client.request(
            New(
                key=key(),
                prompt=prompt,
                name=name,
                directory=directory,
                base="head",
                agent="demo",
                options=Options(mode=mode),
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
