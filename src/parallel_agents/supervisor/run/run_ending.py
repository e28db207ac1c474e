"""Reads how a run ended, as its shim recorded it; see `docs/shim-protocol.md`, file `exit`."""

from pathlib import Path

from parallel_agents.core.events import RunEnded
from parallel_agents.supervisor.base.small_files import read_json


def ended(directory: Path, number: int, stderr: str) -> RunEnded:
    """Make the event of a run's end; it has no code, signal or error if the shim recorded none.

    Args:
        directory: the run's directory.
        number: the run's number.
        stderr: the last lines that its agent printed to standard error.

    Raises:
        StorageError: the shim's record cannot be read.
    """
    said = read_json(directory / "exit")
    if not isinstance(said, dict):
        hint = "Send a message to continue; the conversation is kept."
        return RunEnded(run=number, hint=hint, stderr=stderr)
    return RunEnded(
        run=number,
        code=_number(said.get("code")),
        signal=_number(said.get("signal")),
        asked=bool(said.get("asked")),
        error=str(said.get("error") or ""),
        stderr=stderr,
        swept=_number(said.get("swept")) or 0,
    )


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
