"""The standby as its clients see it: connected to, started for the next time, ended.

Keep true: nobody but the user's own process, which no agent started, is taken for a standby; what
goes wrong with one is never an error, since every command works without it.
"""

import os
import socket
import sys
from contextlib import suppress

from parallel_agents.client.identity import wants_standby
from parallel_agents.core.errors import UserError
from parallel_agents.wire.endpoint import standby_socket, state_dir
from parallel_agents.wire.peer import asked_by_agent, descends_from_agent, peer_pid
from parallel_agents.wire.standby import End, Link

PATIENCE = 2.0
"""Seconds that a standby may take for an answer."""


def connect() -> Link | None:
    """Connect to the standby of the state directory; None when there is none to be trusted."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(PATIENCE)
    try:
        sock.connect(os.fspath(standby_socket(state_dir())))
        if is_own(sock):
            return Link(sock)
    except (OSError, UserError):
        pass
    sock.close()
    return None


def is_own(sock: socket.socket) -> bool:
    """Whether a process of this user, which no agent started, is at the other end.

    Raises:
        OSError: that cannot be told now.
    """
    pid, uid = peer_pid(sock)
    return uid == os.getuid() and pid > 0 and not descends_from_agent(pid)


def end() -> None:
    """End the standby, if there is one; screens that it has lent stay."""
    link = connect()
    if link is not None:
        with link, suppress(OSError, ValueError):
            link.send(End())
            link.receive()  # closed by its end


def start() -> None:
    """Start a standby for the next screen, unless one is there or none is wanted."""
    if not wants_standby() or asked_by_agent():
        return
    link = connect()
    if link is None:
        _spawn()
    else:
        link.close()


def _spawn() -> None:
    # Loaded by the one screen in many that starts a standby.
    import subprocess

    with suppress(OSError):
        process = subprocess.Popen(
            [sys.executable, "-I", "-m", "parallel_agents.tui.standby"],
            cwd="/",
            env={**os.environ, "PARALLEL_AGENTS_HOME": os.fspath(state_dir())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        # It outlives this process by design: nobody waits for it here.
        process.returncode = 0
