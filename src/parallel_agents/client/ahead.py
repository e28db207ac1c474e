"""Connects while the screen is still being loaded.

Keep true: the supervisor starts beside the imports, not after them; what went wrong meanwhile is
raised where the connection is wanted.
"""

import socket
from concurrent.futures import Future, ThreadPoolExecutor

from parallel_agents.client.launch import connect

Ahead = Future[socket.socket]
"""A connected socket, soon."""


def connect_ahead() -> Ahead:
    """Begin to connect in a thread of its own; a supervisor is started when none answers."""
    pool = ThreadPoolExecutor(1, "connect")
    ahead = pool.submit(connect, start=True)
    pool.shutdown(wait=False)
    return ahead
