"""`daemon`: show, stop or run the supervisor itself."""

import argparse
import sys

from parallel_agents.cli import render, streams
from parallel_agents.cli.common import Verbs, ask, json_argument, verb
from parallel_agents.cli.growing import GrowingFile
from parallel_agents.cli.json_view import json_view
from parallel_agents.client import standby
from parallel_agents.client.launch import run_in_foreground
from parallel_agents.core.errors import RefusedError, UsageError, UserError
from parallel_agents.core.text import safe_line
from parallel_agents.wire.endpoint import state_dir
from parallel_agents.wire.messages import Shutdown, Status, SupervisorStatus

_LINES = 40
_PAUSE = 0.2


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "daemon", run, "the supervisor: status, log, stop, run")
    parser.add_argument("what", choices=("status", "log", "stop", "run"))
    parser.add_argument(
        "--keep-sessions", action="store_true", help="stop: leave the agents running"
    )
    json_argument(parser, SupervisorStatus)
    parser.add_argument(
        "-f", "--follow", action="store_true", help="log: keep printing as it grows"
    )
    parser.add_argument(
        "-n",
        type=int,
        metavar="N",
        default=_LINES,
        help=f"log: the last N lines (default {_LINES})",
    )


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    if args.what == "run":
        return run_in_foreground()
    if args.what == "log":
        return _log(args.n, follow=args.follow)
    if args.what == "stop":
        standby.end()
    status = ask(Status(), start=False)
    if args.what == "status":
        return _status(status, as_json=args.json)
    return _stop(status, keep=args.keep_sessions)


def _status(status: SupervisorStatus, *, as_json: bool) -> int:
    if as_json:
        render.as_json(status)
        return 0
    for line in render.table([(name, str(value)) for name, value in json_view(status).items()]):
        render.data(line)
    return 0


def _log(count: int, *, follow: bool) -> int:
    """Print the end of the log; read the file directly, so that it works if the supervisor hangs.

    Raises:
        UsageError: the number of lines is negative.
        UserError: there is no log.
        StorageError: the log cannot be read.
    """
    if count < 0:
        raise UsageError("-n takes a number of lines, 0 or more.")
    path = state_dir() / "supervisor.log"
    with GrowingFile(path) as log:
        lines = log.last(count)
        if not lines and not follow and not path.exists():
            raise UserError(
                f"There is no log at {path}.", "The first command creates it, for example ls"
            )
        while True:
            for line in lines:
                render.data(safe_line(line))
            if not follow:
                return 0
            streams.flush()
            streams.pause(_PAUSE)
            lines = log.more()


def _stop(status: SupervisorStatus, *, keep: bool) -> int:
    alive = status.alive
    if alive and not keep and streams.is_terminal("stdin"):
        render.talk(f"{alive} agents run. Stop them too? [y/N] ")
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            raise RefusedError("Nothing was stopped.", "daemon stop --keep-sessions leaves them.")
    reply = ask(Shutdown(keep_sessions=keep), start=False)
    for session in reply.cut:
        render.talk(f"cut off: {session}")
    return 0
