"""`snooze`: put a session out of the way for some time."""

import argparse
import time

from parallel_agents.cli.common import Verbs, ask, key, session_argument, verb
from parallel_agents.core.durations import read_duration
from parallel_agents.wire.messages import Snooze


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    help_text = "put a session out of the way for some time, or until it needs you"
    parser = verb(verbs, "snooze", run, help_text)
    session_argument(parser)
    parser.add_argument("time", metavar="TIME", help="30m, 2h, 1d, 1h30m; or off, to end it")


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    until = 0 if args.time == "off" else int(time.time() * 1000) + read_duration(args.time)
    ask(Snooze(key=key(), session=args.session, until=until))
    return 0
