"""Tells whether a person's process or an agent's is at the other end of a socket.

Keep true: a process that descends from an agent, or has a session's marker in its environment, is
recognised even if it daemonised itself (the shim is its subreaper) or cleared its environment (an
ancestor still has the marker). `docs/security.md` lists the remaining tricks of the same user.
"""

import contextlib
import os
import socket
import struct
import time
from pathlib import Path

MARKER = "PARALLEL_AGENTS_SESSION"
"""Environment variable of every agent's process; it holds the session's id."""

_CHAIN_LIMIT = 256

_WALKS = 20
_WALK_AGAIN = 0.01
"""How often, and after how many seconds, to look again at a tree that changed on the way."""


def peer_pid(sock: socket.socket) -> tuple[int, int]:
    """Return `(pid, uid)` of the other end of a connected Unix socket (Linux: `SO_PEERCRED`)."""
    size = struct.calcsize("3i")
    credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    pid, uid, _ = struct.unpack("3i", credentials)
    return pid, uid


def descends_from_agent(pid: int) -> bool:
    """Tell whether one of our agents started a process, directly or indirectly.

    Args:
        pid: the process; if it is already gone, it counts as an agent's, because its ancestors
            can no longer be determined.

    Raises:
        OSError: this cannot be determined now, for example because descriptors ran out.
    """
    for attempt in range(_WALKS):
        if attempt:  # an ancestor is ending: on a busy machine it takes a while to be gone
            time.sleep(_WALK_AGAIN)
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            return _agent_above(pid)
    return True


def _agent_above(pid: int) -> bool:
    """Walk from a process to the root of the tree, looking for an agent's.

    Raises:
        FileNotFoundError, ProcessLookupError: one of them ended meanwhile.
    """
    seen = 0
    while pid > 1 and seen < _CHAIN_LIMIT:
        if _carries_marker(pid):
            return True
        pid = _parent(pid)
        seen += 1
    return False


def _carries_marker(pid: int) -> bool:
    """Look for the marker; another user's or a non-dumpable process counts as having none."""
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
    """Tell whether this process itself runs inside an agent's session."""
    return MARKER in os.environ or descends_from_agent(os.getpid())
