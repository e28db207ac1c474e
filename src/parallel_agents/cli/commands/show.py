"""`show`: print one session."""

import argparse

from parallel_agents.cli import asked, render
from parallel_agents.cli.common import Verbs, ask, json_argument, session_argument, verb
from parallel_agents.core.errors import UserError
from parallel_agents.wire.messages import PendingInput, PendingRequest, SessionRow, Show


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "show", run, "show one session")
    session_argument(parser)
    json_argument(parser, SessionRow)


def run(args: argparse.Namespace) -> int:
    """Run the verb."""
    entry = ask(Show(session=args.session))
    if args.json:
        render.as_json(entry)
    else:
        render.session(entry)
        for request in entry.pending:
            _warn(entry.id, request)
    return 0


def _warn(session: str, request: PendingRequest) -> None:
    """Warn of doubts about a pending request, of which only one line was printed."""
    try:
        pending = ask(PendingInput(session=session, request=request.request_id)).input
    except UserError:  # answered meanwhile: no warning is needed
        return
    said = [*asked.doubts(request.tool_name, pending)]
    whole = str(pending.get("command", ""))
    if whole.strip() and not request.summary.endswith(whole.strip()):
        said.append("not all of the command is shown here; the screen shows it")
    if said:
        render.data(f"! {request.request_id}: {', '.join(said)}")
