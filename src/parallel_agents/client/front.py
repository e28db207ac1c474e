"""The command that a person typed, while a screen lent by the standby has its terminal.

It stays in the terminal's session, which the screen's process is not part of: it passes signals on,
runs programs in the foreground, stops as job control wants, and gives the screen's exit code.

Keep true: until the screen has painted, whatever goes wrong only means that there is none to be
lent; however the screen's process ends, the terminal is as it was; a terminal in which this is a
background job is never handed over.
"""

import errno
import os
import signal
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from parallel_agents.client import standby
from parallel_agents.client.foreground import run_program
from parallel_agents.client.identity import identity, wants_standby
from parallel_agents.core.errors import InternalError, UsageError
from parallel_agents.wire.standby import (
    Ended,
    Go,
    Link,
    Offer,
    Outcome,
    Painted,
    Program,
    Ready,
    Stop,
)

_INPUT, _OUTPUT, _ERROR = range(3)
_ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
_PASSED_ON = (*_ENDING, signal.SIGWINCH, signal.SIGTSTP)

PATIENCE = 5
"""Seconds after a signal that ends the screen until its process is killed; longer than its own."""


def lent_screen(place: str) -> int | None:
    """Show a screen that the standby lends, until the person leaves it.

    Args:
        place: where a new session is dispatched by default; absolute.

    Returns:
        The exit code; None when no screen could be lent, and the terminal is as it was.

    Raises:
        InternalError: the screen's process died.
    """
    if not wants_standby():
        return None
    link = standby.connect()
    if link is None:
        return None
    with link:
        try:
            await_foreground()
            before = termios.tcgetattr(_INPUT)
            ready = _ready(link, place)
            if ready is None:
                return None
            process = os.pidfd_open(ready.pid)
        except (OSError, ValueError, termios.error):
            return None
        try:
            return Front(link, process, ready.restores, before).run()
        finally:
            os.close(process)


def await_foreground() -> None:
    """Wait until this is the foreground job of its terminal.

    Changing the settings of a terminal, be it to what they are, stops a background job until then.
    """
    while True:
        try:
            termios.tcsetattr(_INPUT, termios.TCSANOW, termios.tcgetattr(_INPUT))
        except termios.error as error:
            if error.args[0] == errno.EINTR:
                continue
        return


def _ready(link: Link, place: str) -> Ready | None:
    """Offer the terminal; None when it is refused."""
    umask = os.umask(0o077)
    os.umask(umask)
    offer = Offer(identity=identity(), place=place, environment=dict(os.environ), umask=umask)
    # Open in the file system's sense only: the directory need not be readable, nor exist any more.
    directory = os.open(".", os.O_PATH | os.O_DIRECTORY)
    try:
        link.send(offer, (_INPUT, _OUTPUT, _ERROR, directory))
    finally:
        os.close(directory)
    reply = link.receive()
    return reply if isinstance(reply, Ready) else None


class Front:
    """Serves one screen.

    Args:
        link: to the screen's process.
        process: a descriptor of that process.
        restores: what to write to a terminal that it leaves behind.
        before: the terminal's settings, to be put back.
    """

    def __init__(self, link: Link, process: int, restores: str, before: list[Any]) -> None:
        self._link = link
        self._process = process
        self._restores = restores
        self._before = before
        self._painted = False
        self._ended_by = 0
        self._waiting = False

    def run(self) -> int | None:
        """Let the screen have the terminal; returns as `lent_screen`.

        Raises:
            InternalError: the screen's process died after it had painted.
        """
        with self._passing_on():
            try:
                self._link.socket.settimeout(None)
                self._link.send(Go())
                code = self._served()
            except (OSError, ValueError):
                self._kill()
                code = None
        return self._left_behind() if code is None else code

    def _served(self) -> int | None:
        """Do what the screen asks for; its exit code, or None when it died."""
        while (message := self._link.receive()) is not None:
            match message:
                case Ended():
                    return message.code
                case Painted():
                    self._painted = True
                case Program():
                    self._link.send(self._run(message))
                case Stop():
                    os.kill(os.getpid(), signal.SIGSTOP)
                    self._link.send(Outcome())
                case _:
                    raise ValueError(f"no screen says {message.type}")
        return None

    def _left_behind(self) -> int | None:
        """Put the terminal back as the screen would have.

        Raises:
            InternalError: nobody ended the screen, and it had painted.
        """
        with suppress(OSError):
            os.write(_OUTPUT, self._restores.encode())
        with suppress(termios.error):
            termios.tcsetattr(_INPUT, termios.TCSADRAIN, self._before)
        if self._ended_by:
            return 128 + self._ended_by
        if not self._painted:
            return None
        raise InternalError(
            "The process of the screen has died. Sessions keep working.",
            "Open it again: parallel-agents",
        )

    def _run(self, program: Program) -> Outcome:
        # The screen does not have the terminal: signals are for the program, or end this process.
        with _dispositions(dict.fromkeys((*_PASSED_ON, signal.SIGCONT), signal.SIG_DFL)):
            try:
                status = run_program(program.argv, program.cwd, program.environment)
            except UsageError as error:
                return Outcome(error=error.message)
        return Outcome(status=status)

    # --- signals ------------------------------------------------------------------------------

    @contextmanager
    def _passing_on(self) -> Iterator[None]:
        handlers = dict.fromkeys(_PASSED_ON, self._pass_on)
        more = {signal.SIGCONT: self._go_on, signal.SIGALRM: self._give_up}
        with _dispositions({**handlers, **more}):
            try:
                yield
            finally:
                signal.alarm(0)

    def _pass_on(self, number: int, _frame: FrameType | None) -> None:
        if number in _ENDING:
            self._ended_by = number
            signal.alarm(PATIENCE)
        self._signal(number)

    def _go_on(self, number: int, _frame: FrameType | None) -> None:
        # Continued in the background, it waits here until a second SIGCONT brings the terminal.
        # That one must neither touch the terminal's settings nor tell the screen: whichever was
        # late would undo what the screen does meanwhile.
        if self._waiting:
            return
        self._waiting = True
        try:
            await_foreground()
        finally:
            self._waiting = False
        self._signal(number)

    def _give_up(self, *_: object) -> None:
        self._kill()

    def _kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._process, number)


@contextmanager
def _dispositions(wanted: dict[signal.Signals, Any]) -> Iterator[None]:
    """Set what signals do, and set it back."""
    before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
