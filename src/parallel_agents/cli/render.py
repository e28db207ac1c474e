"""Everything a verb prints: data on standard output, talk on standard error.

Keep true: nothing is printed but through here; text from outside is made safe here, JSON stays raw.
"""

import json
import time
from collections.abc import Iterable, Sequence
from typing import Any

from parallel_agents.cli import columns, streams
from parallel_agents.core.errors import UserError
from parallel_agents.core.text import safe, safe_line

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
    """Print data that is to be read by a program: as the bytes it was, with no newline added."""
    streams.write(text.encode("utf-8", "surrogateescape"))


def as_json(value: object) -> None:
    """Print JSON; ASCII only, so that no control character of anybody's gets out."""
    streams.write(f"{json.dumps(value, indent=2)}\n")


def talk(text: str) -> None:
    """Say something to the person."""
    streams.talk(f"{safe(text)}\n")


def complain(error: UserError) -> int:
    """Say what went wrong and what to do; returns the exit code."""
    talk(f"parallel-agents: {error.message}")
    if error.hint:
        talk(f"  {error.hint}")
    return int(error.code)


def age(milliseconds: float) -> str:
    """How long ago, in one unit: `8s`, `5m`, `3h`, `2d`."""
    seconds = max(0, int(time.time() - milliseconds / 1000))
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def day(milliseconds: float) -> str:
    """A date, in the person's time zone."""
    return time.strftime("%Y-%m-%d", time.localtime(milliseconds / 1000))


def size(count: int) -> str:
    """A size in the largest unit that keeps it above 1: `512 B`, `1.5 kB`, `26 GB`."""
    value, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"


def table(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Align columns; the last one is left as long as it is."""
    cells = [[safe_line(cell) for cell in row] for row in rows]
    count = len(cells[0]) - 1 if cells else 0
    widths = [max(columns.width(row[i]) for row in cells) for i in range(count)]
    for row in cells:
        padded = [columns.pad(cell, width) for cell, width in zip(row, widths, strict=False)]
        yield "  ".join([*padded, row[-1]]).rstrip()


def sessions(entries: Sequence[dict[str, Any]]) -> None:
    """Print sessions as a table."""
    if not entries:
        talk("No sessions. Start one: parallel-agents new 'what to do', or try: demo")
        return
    room = columns.of_terminal() if is_terminal() else 0
    for line in table([_row(entry) for entry in entries]):
        _line(columns.cut(line, room) if room else line)


def _line(text: str) -> None:
    streams.write(f"{text}\n")


def _row(entry: dict[str, Any]) -> list[str]:
    changes = entry["changes"]
    size = f"+{changes['insertions']} -{changes['deletions']}" if changes["files"] else ""
    since = entry["pending"][0]["askedAt"] if entry["pending"] else entry["updatedAt"]
    return [
        f"{MARKS[entry['state']]} {entry['id']}",
        columns.cut(safe_line(entry["name"]), _NAME),
        entry["state"],
        age(since),
        size,
        columns.cut(safe_line(entry["detail"]), _DETAIL),
    ]


def session(entry: dict[str, Any]) -> None:
    """Print one session in full."""
    rows = [
        (name, _plain(entry[key]))
        for name, key in (
            ("id", "id"),
            ("name", "name"),
            ("state", "state"),
            ("detail", "detail"),
            ("worktree", "worktree"),
            ("branch", "branch"),
            ("HEAD", "head"),
            ("base", "base"),
            ("agent", "agent"),
            ("model", "model"),
            ("mode", "mode"),
            ("process", "pid"),
            ("conversation", "sessionId"),
        )
        if entry.get(key) not in (None, "")
    ]
    for line in table(rows):
        _line(line)
    if entry["pending"]:
        _pending(entry["pending"])


def _pending(requests: Sequence[dict[str, Any]]) -> None:
    from parallel_agents.cli import asked

    for request in requests:
        summary = safe_line(asked.marked(request["summary"]))
        _line(f"pending {safe_line(asked.named(request))}  {summary}")


def _plain(value: object) -> str:
    return str(value)


def is_terminal() -> bool:
    """Whether standard output is a terminal."""
    return streams.is_terminal("stdout")
