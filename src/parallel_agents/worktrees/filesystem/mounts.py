"""Find what is mounted below a directory: removing it there removes it somewhere else, too.

Keep true: the kernel's own list is read, because a directory that is mounted a second time (a bind
mount) has the same device number on both sides.
"""

import os
import re
from pathlib import Path

_ESCAPE = re.compile(rb"\\([0-7]{3})")


def mounts_below(top: Path) -> tuple[str, ...]:
    """List the mount points in a directory, including itself.

    Args:
        top: the directory; links on the way to it are followed.

    Returns:
        Their paths; none if the system has no such list (`/proc/self/mountinfo`, proc(5)).
    """
    try:
        listed = Path("/proc/self/mountinfo").read_bytes()
    except OSError:
        return ()
    real = os.path.realpath(top)
    points = [os.fsdecode(_plain(line.split(b" ")[4])) for line in listed.splitlines()]
    return tuple(point for point in points if point == real or point.startswith(real + "/"))


def _plain(escaped: bytes) -> bytes:
    return _ESCAPE.sub(lambda match: bytes([int(match[1], 8)]), escaped)
