"""`daemon`: the supervisor itself."""

import argparse
import sys

from parallel_agents.cli import render, streams
from parallel_agents.cli.common import Verbs, ask, json_argument, verb
from parallel_agents.cli.json_view import json_view
from parallel_agents.client.launch import run_in_foreground
from parallel_agents.core.errors import RefusedError
from parallel_agents.wire.messages import Shutdown, Status, SupervisorStatus


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "daemon", run, "the supervisor: status, stop, run")
    parser.add_argument("what", choices=("status", "stop", "run"))
    parser.add_argument("--keep-sessions", action="store_true", help="stop: leave agents working")
    json_argument(parser, SupervisorStatus)


def run(args: argparse.Namespace) -> int:
    """Carry it out."""
    if args.what == "run":
        return run_in_foreground()
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
