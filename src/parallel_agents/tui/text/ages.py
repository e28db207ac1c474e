"""Format ages, durations, counts and sizes for people; every function is pure, all output short."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_UNITS = ("B", "kB", "MB", "GB", "TB")


def ago(milliseconds: float) -> str:
    """Format when something was: `just now`, or its `age` and “ago”."""
    rough = age(milliseconds)
    return "just now" if rough == "now" else f"{rough} ago"


def age(milliseconds: float) -> str:
    """Format a rough age: `now`, `12s`, `5m`, `3h`, `4d`.

    Args:
        milliseconds: time since; a negative value, from a clock that was set back, counts as now.
    """
    seconds = int(milliseconds / 1000)
    if seconds < 1:
        return "now"
    if seconds < _MINUTE:
        return f"{seconds}s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE}m"
    if seconds < _DAY:
        return f"{seconds // _HOUR}h"
    return f"{seconds // _DAY}d"


def duration(milliseconds: float) -> str:
    """Format how long something took: `0.4s`, `12s`, `3m 5s`, `1h 2m`.

    Args:
        milliseconds: the duration; a negative one gives empty text.
    """
    seconds = milliseconds / 1000
    if seconds < 0:
        return ""
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m {whole % _MINUTE}s"
    return f"{whole // _HOUR}h {whole % _HOUR // _MINUTE}m"


def count(number: int) -> str:
    """Format a count: `950`, `12.3k`, `4.1M`."""
    if abs(number) < 10_000:
        return f"{number:,}"
    if abs(number) < 999_950:
        return f"{number / 1000:.1f}k"
    return f"{number / 1_000_000:.1f}M"


def size(number: int) -> str:
    """Format a number of bytes in decimal units: `512 B`, `4.2 MB`."""
    value = float(number)
    for unit in _UNITS:
        if abs(value) < 999.5 or unit == _UNITS[-1]:
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" or value >= 99.95 else f"{value:.1f} {unit}"
