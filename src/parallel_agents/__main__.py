"""`parallel-agents`: hands over to the command line."""

import sys

from parallel_agents.cli.main import main as run_command_line


def main() -> None:
    """Entry point of the command."""
    sys.exit(run_command_line())


if __name__ == "__main__":
    main()
