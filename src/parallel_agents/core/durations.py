"""Reads how long something shall last, as people write it."""

import re

from parallel_agents.core.errors import UsageError

_UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_WHOLE = re.compile(r"(?:\d{1,4}[mhd])+", re.ASCII)
_PART = re.compile(r"(\d+)([mhd])")
LONGEST_MS = 366 * _UNITS["d"]
"""A year: anything longer is meant for the archive."""


def read_duration(text: str) -> int:
    """Read a duration such as `30m`, `2h`, `1d` or `1h30m`.

    Returns:
        Milliseconds, at least a minute.

    Raises:
        UsageError: it is none, or longer than a year.
    """
    compact = "".join(text.split()).lower()
    if _WHOLE.fullmatch(compact):
        total = sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(compact))
        if 0 < total <= LONGEST_MS:
            return total
    raise UsageError(f"“{text}” is no duration.", "Write it as 30m, 2h, 1d or 1h30m; up to a year.")
