"""`adopt`: turn a worktree that somebody else made into a session."""

import argparse

from parallel_agents.cli import render, streams
from parallel_agents.cli.common import (
    Verbs,
    absolute,
    agent_arguments,
    ask,
    environment,
    json_argument,
    key,
    verb,
)
from parallel_agents.core.options import Options
from parallel_agents.wire.messages import Adopt, SessionRow


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "adopt", run, "make a session of an existing worktree; prints its id")
    parser.add_argument("path", metavar="PATH", help="top of the worktree")
    parser.add_argument(
        "prompt", metavar="PROMPT", nargs="?", default="",
        help="the task; - reads it from standard input; without one the session waits for `send`",
    )  # fmt: skip
    parser.add_argument("--name", help="display name; the directory's name by default")
    parser.add_argument(
        "--base", default="head", metavar="REF", help="what to compare its work with"
    )
    agent_arguments(parser)
    parser.add_argument(
        "--untrusted",
        action="store_true",
        help="start without the repository's own settings, hooks and servers",
    )
    json_argument(parser, SessionRow)


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    row = ask(
        Adopt(
            key=key(),
            directory=absolute(args.path),
            prompt=streams.read() if args.prompt == "-" else args.prompt,
            name=args.name,
            base=args.base,
            agent=args.agent,
            options=Options(mode=args.permission_mode, trusted=not args.untrusted),
            environment=environment(),
        )
    )
    if args.json:
        render.as_json(row)
    else:
        render.data(row.id)
    return 0
