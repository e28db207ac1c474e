"""Runs a program in the foreground of this process's terminal.

Keep true: a Ctrl+C meant for the program does not end us.
"""

import signal
from collections.abc import Mapping, Sequence

from parallel_agents.core.errors import UsageError


def run_program(argv: Sequence[str], cwd: str, env: Mapping[str, str]) -> int:
    """Run a program until it ends.

    Args:
        argv: its argument list.
        cwd: its directory.
        env: its environment.

    Returns:
        Its exit status.

    Raises:
        UsageError: it cannot be started.
    """
    # A front loads it only when the screen asks for a program.
    import subprocess

    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        return subprocess.run(argv, cwd=cwd, env=dict(env), check=False).returncode
    except OSError as error:
        raise UsageError(f"{argv[0]} cannot be started: {error.strerror}") from error
    finally:
        signal.signal(signal.SIGINT, before)
