"""`path`: print where a session's worktree is."""

import argparse

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, ask, session_argument, verb
from parallel_agents.core.errors import WorktreeError
from parallel_agents.wire.messages import Show


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    session_argument(verb(verbs, "path", run, "print the path of a session's worktree"))


def run(args: argparse.Namespace) -> int:
    """Print the path unchanged, for `cd "$(parallel-agents path ID)"`.

    Raises:
        WorktreeError: the session has no worktree yet.
    """
    path = ask(Show(session=args.session)).worktree
    if path is None:
        raise WorktreeError("This session has no worktree yet.", "Try again in a moment.")
    render.raw(path + "\n")
    return 0
