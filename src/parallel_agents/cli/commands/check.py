"""`check`: run the repository's checks in a session's worktree."""

import argparse

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, json_argument, key, session_argument, verb
from parallel_agents.client.quick import QuickClient
from parallel_agents.core.errors import ExitCode, of_check, worst
from parallel_agents.core.value import replace
from parallel_agents.wire.messages import CheckList, ListChecks, RunChecks, StopChecks


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "check", run, "run checks of the repository in a session's worktree")
    session_argument(parser)
    parser.add_argument("names", metavar="NAME", nargs="*", help="which; all of them without any")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--wait", action="store_true", help="print their output; exit as the worst")
    what.add_argument("--stop", action="store_true", help="end the one that runs, drop the others")
    json_argument(parser, CheckList)


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    client = QuickClient()
    if args.stop:
        client.request(StopChecks(key=key(), session=args.session))
        return _printed(client, args)
    message = RunChecks(key=key(), session=args.session, names=tuple(args.names))
    if not args.wait:
        client.request(message)
        return _printed(client, args)
    from parallel_agents.cli.check_following import Following  # only for those who wait

    names = Following(client, message, quiet=args.json).wait()
    found = _of(client, args.session, names)
    if args.json:
        render.as_json(found)
    return worst(of_check(check.state) for check in found.checks)


def _printed(client: QuickClient, args: argparse.Namespace) -> int:
    if args.json:
        render.as_json(_of(client, args.session, args.names))
    return ExitCode.DONE


def _of(client: QuickClient, session: str, names: tuple[str, ...] | list[str]) -> CheckList:
    found = client.request(ListChecks(session=session))
    return replace(found, checks=tuple(c for c in found.checks if not names or c.name in names))
