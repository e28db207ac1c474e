"""Named points at which a test can make a durable step fail, or kill the process.

Keep true: without `PA_FAILPOINT` in the environment, a point costs one look-up and does nothing.
"""

import errno
import os
import signal


def hit(name: str) -> None:
    """Pass a point, or fail there if `PA_FAILPOINT` is `name:kill`, `name:ENOSPC` or `name:EIO`.

    Args:
        name: name of the point, `operation.step-just-done`.

    Raises:
        OSError: the error that the variable names.
    """
    wanted, _, action = os.environ.get("PA_FAILPOINT", "").partition(":")
    if wanted != name:
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    number = getattr(errno, action)
    raise OSError(number, os.strerror(number), name)
