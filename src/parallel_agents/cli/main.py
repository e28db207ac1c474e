"""The command line: from arguments to one verb, and from errors to exit codes.

Keep true: a verb never loads the screen; no traceback reaches a person; exit codes are those of
`core.errors.ExitCode`.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence

from parallel_agents import __version__
from parallel_agents.cli import streams
from parallel_agents.cli.common import HelpFormatter
from parallel_agents.core.errors import ExitCode, UserError

VERBS = (
    "new", "ls", "inbox", "show", "logs", "search", "send", "answer", "interrupt", "wait", "diff",
    "comment", "comments", "reject", "check", "checks", "explain", "path", "attach", "rename",
    "pin", "archive", "unarchive", "snooze", "stop", "respawn", "rm", "restore", "trash", "clean",
    "adopt", "trust", "doctor", "demo", "daemon",
)  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: arguments without the program's name; None takes the process's own.

    Returns:
        The exit code.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if sys.platform != "linux":
        streams.talk(f"parallel-agents runs on Linux; this is {sys.platform}.\n")
        return ExitCode.FAILED
    streams.prepare()
    try:
        return _flushed(arguments)
    except UserError as error:
        # A lent screen has nothing to print, and does without all that printing takes.
        from parallel_agents.cli import render

        return render.complain(error)
    except BrokenPipeError:  # `| head` has seen enough
        return ExitCode.FAILED
    except KeyboardInterrupt:
        return 130
    finally:
        streams.close()


def _flushed(arguments: list[str]) -> int:
    """Run, and see all output off; help and mistakes of usage end in `SystemExit`."""
    try:
        return _run(arguments)
    finally:
        streams.flush()


def _run(arguments: list[str]) -> int:
    if not arguments:
        from parallel_agents.cli.open_tui import open_screen

        return open_screen(".")
    args = _parser(arguments).parse_args(arguments)
    return int(args.run(args))


def _parser(arguments: list[str]) -> argparse.ArgumentParser:
    """Declare the verb that is asked for, or all of them when help or a mistake needs them."""
    parser = argparse.ArgumentParser(
        prog="parallel-agents",
        description="Run several coding agents at once, each in its own worktree. "
        "Without a verb, opens the screen.",
        formatter_class=HelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"parallel-agents {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    asked = arguments[0]
    for name in (asked,) if asked in VERBS else VERBS:
        importlib.import_module(f"parallel_agents.cli.commands.{name}").add(verbs)
    return parser
