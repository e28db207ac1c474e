"""`new`: dispatch a session."""

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
from parallel_agents.wire.messages import New, SessionRow


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "new", run, "start a session; prints its id")
    parser.add_argument("prompt", metavar="PROMPT", help="the task; - reads it from standard input")
    parser.add_argument("-C", dest="directory", metavar="DIR", help="a directory of the repository")
    parser.add_argument("--name", help="display name; the first words of the task by default")
    parser.add_argument(
        "--base",
        default="",
        metavar="fresh|head|REF|#N|URL",
        help="what the branch starts from: a ref, or a pull request",
    )
    parser.add_argument(
        "--branch", metavar="B", help="name of the branch; without --base, an existing one is used"
    )
    agent_arguments(parser)
    parser.add_argument("--model", metavar="M", help="model, as the agent names it")
    parser.add_argument("--effort", metavar="E", help="how much to think, as the agent names it")
    parser.add_argument(
        "--untrusted",
        action="store_true",
        help="start without the repository's own settings, hooks and servers",
    )
    parser.add_argument("--wait-ready", action="store_true", help="return when the agent is ready")
    json_argument(parser, SessionRow)


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    prompt = streams.read() if args.prompt == "-" else args.prompt
    options = Options(
        model=args.model,
        mode=args.permission_mode,
        effort=args.effort,
        trusted=not args.untrusted,
    )
    row = ask(
        New(
            key=key(),
            prompt=prompt,
            directory=absolute(args.directory),
            name=args.name,
            base=args.base,
            branch=args.branch,
            agent=args.agent,
            options=options,
            environment=environment(),
            wait_ready=args.wait_ready,
        )
    )
    if args.json:
        render.as_json(row)
    else:
        render.data(row.id)
    return 0
