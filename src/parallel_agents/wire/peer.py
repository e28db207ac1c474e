"""Who is at the other end of a socket: a person's process, or one that an agent started.

Keep true: whoever descends from an agent, or carries a session's marker in its environment, is
recognised even when it daemonised itself (the shim is its subreaper) or cleaned its environment
(then an ancestor still carries the marker). What same-user tricks remain is in `docs/security.md`.
"""

import os
import socket
import struct
from pathlib import Path

MARKER = "PARALLEL_AGENTS_SESSION"
"""Environment variable that every agent's process carries: its session's id."""

_CHAIN_LIMIT = 256


def peer_pid(sock: socket.socket) -> tuple[int, int]:
    """Process id and user id of the other end of a Unix socket.

    Args:
        sock: a connected Unix socket (Linux: `SO_PEERCRED`).

    Returns:
        `(pid, uid)`.
    """
    size = struct.calcsize("3i")
    credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    pid, uid, _ = struct.unpack("3i", credentials)
    return pid, uid


def descends_from_agent(pid: int) -> bool:
    """Tell whether a process was started, however indirectly, by an agent of ours.

    Args:
        pid: the process to look at; one that is gone already counts as an agent's, since its
            ancestors can no longer be known.

    Returns:
        Whether it or an ancestor carries the marker.

    Raises:
        OSError: that cannot be told now, for example for want of descriptors.
    """
    seen = 0
    while pid > 1 and seen < _CHAIN_LIMIT:
        try:
            if _carries_marker(pid):
                return True
            pid = _parent(pid)
        except (FileNotFoundError, ProcessLookupError):
            return True
        seen += 1
    return False


def _carries_marker(pid: int) -> bool:
    """A process of another user, or one that cannot be read (non-dumpable), is no agent's."""
    try:
        environ = Path(f"/proc/{pid}/environ").read_bytes()
    except PermissionError:
        return False
    marker = MARKER.encode() + b"="
    return environ.startswith(marker) or b"\0" + marker in environ


def _parent(pid: int) -> int:
    stat = Path(f"/proc/{pid}/stat").read_bytes()
    fields = stat[stat.rfind(b")") + 2 :].split()
    return int(fields[1])


def asked_by_agent() -> bool:
    """Tell whether this very process runs inside an agent's session."""
    return MARKER in os.environ or descends_from_agent(os.getpid())
