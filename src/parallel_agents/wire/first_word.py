"""Reads the first line that a newly started process writes to a pipe."""

import os
import select
import time


def first_word(descriptor: int, seconds: float) -> bytes:
    """Read to the end of the first line, or of the file.

    Args:
        descriptor: the reading end of the pipe.
        seconds: the maximum time to wait.

    Returns:
        The line with its newline; without one if the process ended too early.

    Raises:
        TimeoutError: the line did not arrive in time.
    """
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    ends, line = time.monotonic() + seconds, b""
    while not line.endswith(b"\n"):
        left = ends - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise TimeoutError
        if not (data := os.read(descriptor, 1 << 16)):
            break
        line += data
    return line
