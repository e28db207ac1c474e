"""Prints everything for the verbs: data on standard output, messages on standard error.

Keep true: verbs print only through this module; it makes outside text safe, but JSON stays raw.
"""

import json
import time
from collections.abc import Iterable, Sequence

from parallel_agents.cli import columns, streams
from parallel_agents.cli.json_view import json_view
from parallel_agents.core.errors import UserError
from parallel_agents.core.text import safe, safe_line
from parallel_agents.wire.messages import PendingRequest, SessionRow

MARKS = {
    "blocked": "?",
    "working": "●",
    "failed": "✗",
    "done": "✓",
    "stopped": "■",
    "idle": "○",
}
_NAME = 28
_DETAIL = 60


def data(text: str) -> None:
    """Print a line of data."""
    streams.write(f"{safe(text)}\n")


def raw(text: str) -> None:
    """Print data for a program: the original bytes, with no newline added."""
    streams.write(text.encode("utf-8", "surrogateescape"))


def as_json(value: object) -> None:
    """Print JSON in ASCII only, so that no control character reaches the terminal."""
    streams.write(f"{json.dumps(json_view(value), indent=2)}\n")


def talk(text: str) -> None:
    """Print a message for the person on standard error."""
    streams.talk(f"{safe(text)}\n")


def complain(error: UserError) -> int:
    """Print what went wrong and what to do next; return the exit code."""
    talk(f"parallel-agents: {error.message}")
    if error.hint:
        talk(f"  {error.hint}")
    return int(error.code)


def age(milliseconds: float) -> str:
    """Say how long ago a time was, in one unit: `8s`, `5m`, `3h`, `2d`."""
    seconds = max(0, int(time.time() - milliseconds / 1000))
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def day(milliseconds: float) -> str:
    """Format a date in the person's time zone."""
    return time.strftime("%Y-%m-%d", time.localtime(milliseconds / 1000))


def size(count: int) -> str:
    """Format a size in the largest unit that keeps it above 1: `512 B`, `1.5 kB`, `26 GB`."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"


def table(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Align columns; the last one keeps its length."""
    cells = [[safe_line(cell) for cell in row] for row in rows]
    count = len(cells[0]) - 1 if cells else 0
    widths = [max(columns.width(row[i]) for row in cells) for i in range(count)]
    for row in cells:
        padded = [columns.pad(cell, width) for cell, width in zip(row, widths, strict=False)]
        yield "  ".join([*padded, row[-1]]).rstrip()


def sessions(entries: Sequence[SessionRow]) -> None:
    """Print sessions as a table."""
    if not entries:
        talk("No sessions. Start one: parallel-agents new 'what to do', or try: demo")
        return
    room = columns.of_terminal() if is_terminal() else 0
    for line in table([_row(entry) for entry in entries]):
        _line(columns.cut(line, room) if room else line)


def _line(text: str) -> None:
    streams.write(f"{text}\n")


def _row(entry: SessionRow) -> list[str]:
    changes = entry.changes
    size = f"+{changes.insertions} -{changes.deletions}" if changes.files else ""
    return [
        f"{MARKS[entry.state]} {entry.id}",
        columns.cut(safe_line(entry.name), _NAME),
        entry.state,
        age(entry.since),
        size,
        columns.cut(safe_line(entry.detail), _DETAIL),
    ]


def session(entry: SessionRow) -> None:
    """Print one session in full."""
    rows = [
        (name, str(value))
        for name, value in (
            ("id", entry.id),
            ("name", entry.name),
            ("state", entry.state),
            ("detail", entry.detail),
            ("worktree", entry.worktree),
            ("branch", entry.branch),
            ("HEAD", entry.head),
            ("base", entry.base),
            ("agent", entry.agent),
            ("model", entry.model),
            ("mode", entry.mode),
            ("process", entry.pid),
            ("conversation", entry.session_id),
        )
        if value not in (None, "")
    ]
    for line in table(rows):
        _line(line)
    if entry.pending:
        _pending(entry.pending)


def _pending(requests: Sequence[PendingRequest]) -> None:
    from parallel_agents.cli import asked

    for request in requests:
        summary = safe_line(asked.marked(request.summary))
        _line(f"pending {safe_line(asked.named(request))}  {summary}")


def is_terminal() -> bool:
    """Whether standard output is a terminal."""
    return streams.is_terminal("stdout")
