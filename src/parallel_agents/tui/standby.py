"""`python -I -m parallel_agents.tui.standby`: has the screen loaded, and lends it to terminals.

It forks for each terminal, so that no screen inherits anything from the one before.

Keep true: one per state directory, decided by a lock; no file that was loaded has changed since; no
agent gets a screen; it has one thread; it ends when nobody has used it for a while.
"""

import fcntl
import gc
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from parallel_agents.client.identity import identity
from parallel_agents.client.standby import PATIENCE, is_own
from parallel_agents.wire.endpoint import private_runtime, standby_socket, state_dir
from parallel_agents.wire.standby import DESCRIPTORS, End, Link, Offer, Refused

IDLE = 1800.0
"""Seconds without use after which a standby ends."""

LOOK = 60.0
"""Seconds after which a standby sees whether it is still of use."""

_PAUSE = 2.0
"""Seconds in which the screen that started this has the machine for itself."""

_COARSE = 1.0
"""Seconds that a file's time may be behind, the start of Python included."""


class Standby:
    """Waits for terminals.

    Args:
        listener: a bound socket.
        path: where it is bound.
        loaded_at: when the loading of the screen began, in seconds since 1970.
        lend: is the screen of a front, in a process of its own.
    """

    def __init__(
        self,
        listener: socket.socket,
        path: Path,
        loaded_at: float,
        lend: Callable[[Link, Offer], NoReturn],
    ) -> None:
        self._listener = listener
        self._path = path
        self._inode = path.lstat().st_ino
        self._loaded_at = loaded_at
        self._lend = lend
        self._identity = identity()
        self._files = _loaded_files()
        self._used_at = time.monotonic()

    def run(self) -> None:
        """Lend screens until there is no use for it any more."""
        self._listener.listen()
        while self._is_of_use():
            if select.select([self._listener], [], [], LOOK)[0]:
                sock, _ = self._listener.accept()
                if not self._answered(sock):
                    return

    def _is_of_use(self) -> bool:
        idle = time.monotonic() - self._used_at
        return idle < IDLE and self._is_reachable() and not self._has_changed()

    def _is_reachable(self) -> bool:
        """Whether the socket is still this one's: its directory may have been removed."""
        try:
            return self._path.lstat().st_ino == self._inode
        except OSError:
            return False

    def _has_changed(self) -> bool:
        """Whether a file that was loaded is another one now.

        The change of status counts: some installers set the time of the content.
        """
        try:
            return any(path.stat().st_ctime > self._loaded_at - _COARSE for path in self._files)
        except OSError:
            return True

    def _answered(self, sock: socket.socket) -> bool:
        """Answer one connection; False when this standby is to end."""
        sock.settimeout(PATIENCE)
        with Link(sock) as link:
            try:
                message = link.receive() if is_own(sock) else None
                if isinstance(message, Offer):
                    return self._lent(link, message)
            except (OSError, ValueError):
                return True
        return not isinstance(message, End)

    def _lent(self, link: Link, offer: Offer) -> bool:
        """Make a screen for a front; False when this standby cannot be of use to it."""
        if offer.identity != self._identity or self._has_changed():
            link.send(Refused())
            return False
        self._used_at = time.monotonic()
        if len(link.descriptors) == DESCRIPTORS and os.fork() == 0:
            self._listener.close()
            self._lend(link, offer)
        return True


def _loaded_files() -> list[Path]:
    """What the screen was made of: every module, and the style sheet."""
    names = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    return [*map(Path, filter(None, names)), *Path(__file__).parent.glob("*.tcss")]


def main() -> int:
    """Be the standby of the state directory, unless there is one; returns the exit code."""
    os.umask(0o077)
    time.sleep(_PAUSE)
    loaded_at = time.time()
    path = standby_socket(state_dir())
    with (private_runtime(state_dir()) / "standby.lock").open("ab") as lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # of a process: no fork inherits it
        except OSError:
            return 0
        # The whole of the screen: not for one that finds the place taken.
        from parallel_agents.tui.lent import lend

        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.bind(os.fspath(path))
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a screen's process
            gc.collect()
            gc.freeze()
            try:
                Standby(listener, path, loaded_at, lend).run()
            finally:
                path.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
