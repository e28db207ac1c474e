"""Connects while the screen is still loading.

Keep true: the supervisor starts in parallel with the imports, not after them; an error is raised
where the connection is used.
"""

import socket
from concurrent.futures import Future, ThreadPoolExecutor

from parallel_agents.client.launch import connect

Ahead = Future[socket.socket]
"""A socket that will soon be connected."""


def connect_ahead() -> Ahead:
    """Connect in a thread of its own; start a supervisor if none answers."""
    pool = ThreadPoolExecutor(1, "connect")
    ahead = pool.submit(connect, start=True)
    pool.shutdown(wait=False)
    return ahead
