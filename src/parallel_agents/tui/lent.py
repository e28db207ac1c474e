"""A screen in a process that the standby has forked: it becomes what the front would have become.

Keep true: what the front has, the screen has: streams, directory, environment, umask; the terminal
is left alone until the front says so; when the front is gone, so is the terminal.
"""

import os
import select
import signal
import socket
import sys
import tempfile
import threading
import time
from contextlib import suppress
from io import TextIOWrapper
from typing import NoReturn

from parallel_agents.client.ahead import connect_ahead
from parallel_agents.tui.app import run
from parallel_agents.tui.terminal import foreground
from parallel_agents.tui.terminal.fault import logged, noted
from parallel_agents.tui.terminal.terminal_driver import ENDING, RESTORED
from parallel_agents.wire.standby import Ended, Go, Link, Offer, Painted, Ready


def lend(link: Link, offer: Offer) -> NoReturn:
    """Be the screen of a front until the person leaves it.

    Args:
        link: to the front; the offer's descriptors have come over it.
        offer: what the front offered.
    """
    try:
        _become(link, offer)
        _shown(link, offer.place)
    except Exception as error:  # noqa: BLE001 - the front does without this screen
        logged(error)
    finally:
        # Nothing of the standby's is to be cleaned up here, and a front that is told nothing helps
        # itself.
        os._exit(1)


def _become(link: Link, offer: Offer) -> None:
    """Take over what the front has, and forget what is the standby's."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)  # until the driver can tell the front to stop
    for ending in ENDING:
        signal.signal(ending, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal cannot tell where it is, as this asks
    *streams, directory = link.descriptors
    os.fchdir(directory)
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
    while link.descriptors:
        os.close(link.descriptors.pop())
    os.umask(offer.umask)
    os.environ.clear()
    os.environ.update(offer.environment)
    time.tzset()
    tempfile.tempdir = None


def _shown(link: Link, place: str) -> None:
    """Show the screen once the front says so, and tell it how that ended."""
    ahead = connect_ahead()
    link.send(Ready(pid=os.getpid(), restores=RESTORED))
    if not isinstance(link.receive(), Go):
        return
    link.socket.settimeout(None)
    threading.Thread(target=_hang_up, args=(link.socket,), daemon=True).start()
    foreground.borrow(foreground.OfFront(link))
    shown = _Shown(link)
    try:
        code = run(place, ahead, shown.painted)
    except Exception as error:  # nobody is left to catch it
        if not shown.has_painted:
            raise
        sys.stderr.write(f"{noted(error)}\n")
        code = 1
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    link.send(Ended(code=code))
    os._exit(code)


class _Shown:
    """Tells the front once that the screen has painted."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self.has_painted = False

    def painted(self) -> None:
        self.has_painted = True
        with suppress(OSError):  # a front that is gone ends the screen in a moment
            self._link.send(Painted())


def _hang_up(link: socket.socket) -> None:
    """When the front is gone, do what the kernel does when a terminal is."""
    poll = select.poll()
    poll.register(link, select.POLLRDHUP)
    poll.poll()
    os.kill(os.getpid(), signal.SIGHUP)
