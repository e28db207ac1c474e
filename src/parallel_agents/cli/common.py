"""Code that several verbs share."""

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias, TypeVar

from parallel_agents.cli import columns
from parallel_agents.core.errors import RepositoryError
from parallel_agents.core.ids import new_uuid
from parallel_agents.wire.request import Request

R = TypeVar("R")

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001
Run = Callable[[argparse.Namespace], int]


class HelpFormatter(argparse.HelpFormatter):
    """Formats help as wide as the terminal; argparse creates one for every argument."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=columns.of_terminal() - 2)


def verb(verbs: Verbs, name: str, run: Run, help_text: str) -> argparse.ArgumentParser:
    """Declare a verb.

    Args:
        verbs: the parsers to add it to.
        name: the verb as people type it.
        run: runs the verb and returns the exit code.
        help_text: one line.

    Returns:
        Its parser, to add arguments to.
    """
    parser = verbs.add_parser(
        name, help=help_text, description=help_text, formatter_class=HelpFormatter
    )
    parser.set_defaults(run=run)
    return parser


def session_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument that names a session."""
    parser.add_argument(
        "session", metavar="ID", help="short id, a unique prefix of it, or the name"
    )


def sessions_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument that names one or more sessions."""
    parser.add_argument(
        "sessions", metavar="ID", nargs="+", help="short id, a unique prefix of it, or the name"
    )


def agent_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that choose an agent, and how much it may do without asking."""
    parser.add_argument(
        "--agent", default="", help="which agent, as `doctor` lists them; the settings' by default"
    )
    parser.add_argument(
        "--permission-mode", metavar="M", help="what it may do without asking; see `doctor`"
    )


def json_argument(parser: argparse.ArgumentParser, *kinds: object) -> None:
    """Add `--json`.

    Args:
        parser: the verb's parser.
        kinds: the types of the output, from which `docs/schema/` is generated; if there are
            several, the verb's other arguments decide which one is printed.
    """
    parser.add_argument("--json", action="store_true", help="print JSON; see docs/schema/")
    parser.set_defaults(prints=kinds)


def ask(message: Request[R], *, start: bool = True) -> R:
    """Send the supervisor one request and return its reply.

    Args:
        message: the request.
        start: start a supervisor if none answers.

    Raises:
        UserError: as the supervisor raised it, or because it does not answer.
    """
    # With the messages, half of what a command loads: not for one that shows a lent screen.
    from parallel_agents.client.quick import QuickClient

    client = QuickClient(start=start)
    try:
        return client.request(message)
    finally:
        client.close()


def key() -> str:
    """Make a fresh uuid, which every request that changes something needs."""
    return new_uuid()


def absolute(directory: str | None) -> str:
    """Make a path absolute, because the supervisor has another working directory.

    Raises:
        RepositoryError: the path is relative, and the current directory no longer exists.
    """
    try:
        return str(Path(directory or ".").absolute())
    except OSError as error:
        raise RepositoryError(
            "The current directory no longer exists.", "Go to another directory: cd"
        ) from error


def environment() -> dict[str, str]:
    """Return this process's environment, for the agent."""
    return dict(os.environ)
