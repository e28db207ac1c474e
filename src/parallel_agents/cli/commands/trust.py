"""`trust`: accept what a repository's settings would run."""

import argparse
from collections.abc import Sequence

from parallel_agents.cli import render
from parallel_agents.cli.common import Verbs, absolute, ask, key, verb
from parallel_agents.client.quick import QuickClient
from parallel_agents.core.errors import UsageError
from parallel_agents.core.worktree import ConfigFile
from parallel_agents.wire.messages import ForgetTrust, ResolveRepository, Trust

_LINES = "git"
"""Origin of the lines for git's filters, which are not in a file that one could open."""


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    parser = verb(verbs, "trust", run, "trust a repository and what its settings would run")
    parser.add_argument("directory", metavar="DIR", nargs="?")
    parser.add_argument("--session", metavar="ID", help="accept what this session would load now")
    parser.add_argument(
        "--base", default="", help="the base whose settings to trust; '#12' works too"
    )
    parser.add_argument("--show", action="store_true", help="only print what you would accept")
    parser.add_argument(
        "--forget", action="store_true", help="withdraw all trust from this repository"
    )


def run(args: argparse.Namespace) -> int:
    """Print the configuration, and accept exactly what was printed.

    Raises:
        UsageError: neither or both of a directory and `--session` were given.
    """
    if bool(args.session) == bool(args.directory):
        raise UsageError("Name a directory, or --session ID.")
    if args.forget:
        return _forget(args)
    if args.session:
        reply = ask(Trust(key=key(), session=args.session))
        _say(reply.files)
        return 0
    client = QuickClient()
    directory = absolute(args.directory)
    found = client.request(ResolveRepository(directory=directory, base=args.base))
    _say(found.files, texts=args.show)
    if not args.show:
        client.request(Trust(key=key(), directory=directory, base=args.base, digest=found.digest))
        render.talk(f"Trusted: {found.root}")
    return 0


def _forget(args: argparse.Namespace) -> int:
    if args.session or args.base or args.show:
        raise UsageError("Only a directory can be named with --forget.")
    reply = ask(ForgetTrust(key=key(), directory=absolute(args.directory)))
    said = "No longer trusted" if reply.known else "Nothing of it was trusted"
    render.talk(f"{said}: {reply.root}")
    return 0


def _say(files: Sequence[ConfigFile], *, texts: bool = False) -> None:
    if not files:
        render.talk("It has no settings, hooks or servers that an agent would run.")
    for file in files:
        render.data(f"{file.origin}: {file.path}")
        if texts or file.origin == _LINES:
            render.data(file.text.removesuffix("\n"))
