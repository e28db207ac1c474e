"""Textual's driver, with input and endings of our own: what a terminal sends is hostile.

Keep true: what is no key never becomes one (`sieve`); whatever ends the screen, be it a signal or
a fault of ours, the terminal is as it was before; while another program has the terminal, nothing
is read, written or restored.
"""

import atexit
import os
import select
import signal
import termios
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import Any

from textual import events
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Size
from textual.message import Message
from textual.messages import InBandWindowResize, TerminalSupportsSynchronizedOutput

from parallel_agents.tui.terminal import foreground
from parallel_agents.tui.terminal.terminal_input import OldMouse, Quiet, Swallowed, TerminalInput

ENDING = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
"""Signals that end the screen in the ordinary way."""

PATIENCE = 3.0
"""Seconds after such a signal until the screen is ended, whatever it is doing."""

LATE = 0.05
"""Seconds without input after which no more late answers are awaited."""

LATE_LIMIT = 0.5
"""Seconds that late answers are awaited at most."""

FOCUS_CLICK = 0.2
"""Seconds after the window got the focus in which a click is the one that gave it."""

_OUTPUT = 2
_READ = 4096
_TICK = 0.1
_AGAIN = 1.0

_MOUSE_OFF = "".join(f"\x1b[?{mode}l" for mode in (1000, 1002, 1003, 1005, 1006, 1015, 1016))
RESTORED = (
    "\x1b[?2026l\x1b[?2004l\x1b[?7h\x1b[?2048l"
    f"{_MOUSE_OFF}\x1b[?1004l\x1b[<u\x1b[?1049l\x1b[?25h\x1b[0m"
)
"""What puts a terminal back: every mode that Textual or this module ever sets."""


class TerminalDriver(LinuxDriver):
    """Reads a terminal that may send anything, and gives it back whole."""

    def __init__(
        self,
        app: App[None],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._active = False
        self._raw: list[Any] = []
        self._late_until = self._late_limit = 0.0
        self._asked_mouse = 0.0
        self._focused_at = -FOCUS_CLICK
        self._click_swallowed = False
        atexit.register(self._restore)

    # --- beginning and ending -----------------------------------------------------------------

    def start_application_mode(self) -> None:
        """Take the terminal."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self._active = self._key_thread is not None and self._key_thread.is_alive()
        with suppress(termios.error):
            self._raw = termios.tcgetattr(self.fileno)
        signal.signal(signal.SIGWINCH, self._resized)
        for ending in ENDING:
            signal.signal(ending, self._ended_by)

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        if self._active:
            super().stop_application_mode()
            self._active = False
            self.write(_MOUSE_OFF)

    def resume_application_mode(self) -> None:
        """Take the terminal back from another program, without what was meant for that one."""
        with suppress(termios.error):
            termios.tcflush(self.fileno, termios.TCIFLUSH)
        self._late_until = time.monotonic() + LATE
        self._late_limit = self._late_until + LATE_LIMIT
        super().resume_application_mode()

    def _restore(self) -> None:
        """Put the terminal back without anybody's help: nothing else has done it."""
        if not self._active:
            return
        self._active = False
        with suppress(OSError):
            os.write(_OUTPUT, RESTORED.encode())
        if self.attrs_before is not None:
            with suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSADRAIN, self.attrs_before)

    # --- signals ------------------------------------------------------------------------------

    def _ended_by(self, number: int, _frame: FrameType | None) -> None:
        if not self._active:  # the terminal is somebody else's, and in order
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        self._end(number)

    def _end(self, number: int) -> None:
        """End the screen in the ordinary way, and without it when that takes too long."""

        def at_once() -> None:
            self._restore()
            os._exit(128 + number)

        timer = threading.Timer(PATIENCE, at_once)
        timer.daemon = True
        timer.start()
        self._loop.call_soon_threadsafe(lambda: self._app.exit(return_code=128 + number))

    def _resized(self, *_: object) -> None:
        size = Size(*self._get_terminal_size())
        self.send_message(events.Resize(size, size))

    def _sigtstp_application(self, *_: object) -> None:
        """Give the terminal back, and stop whoever owns it."""
        if self._auto_restart:
            self.suspend_application_mode()
            self._must_signal_resume = True
        foreground.stop()

    def _sigcont_application(self, *_: object) -> None:
        """Go on; after a stop that nobody announced, the terminal may be anyhow."""
        if not self._auto_restart:
            return
        if not self._active:
            self.resume_application_mode()
        else:
            with suppress(termios.error):
                termios.tcsetattr(self.fileno, termios.TCSANOW, self._raw)
            self.write("\x1b[?1049h\x1b[?25l\x1b[?1004h\x1b[?7l")
            self._enable_bracketed_paste()
            self._enable_mouse_support()
        self._loop.call_soon_threadsafe(lambda: self._app.refresh(layout=True))

    # --- input --------------------------------------------------------------------------------

    def _enable_mouse_support(self) -> None:
        """Ask for reports that cannot be taken for text, and only for those."""
        if self._mouse:
            self.write("\x1b[?1005l\x1b[?1015l\x1b[?1000h\x1b[?1003h\x1b[?1006h")
            self.flush()

    def run_input_thread(self) -> None:
        """Read until the terminal is given back; nothing that is read ends the screen."""
        terminal = TerminalInput()
        while not self.exit_event.is_set():
            deadline = terminal.deadline
            wait = _TICK if deadline is None else min(_TICK, deadline - time.monotonic())
            # Time is told by what the kernel says has not come: this thread may be late itself.
            if not select.select([self.fileno], [], [], max(wait, 0))[0]:
                self._take(terminal.tick(time.monotonic()))
            elif data := self._read():
                self._take(terminal.feed(data, time.monotonic()))
            else:
                return

    def _read(self) -> bytes:
        """What has come; nothing when the terminal is gone, which ends the screen."""
        try:
            data = os.read(self.fileno, _READ)
        except OSError:
            data = b""
        if not data:
            self._end(signal.SIGHUP)
        return data

    def _take(self, made: list[Message]) -> None:
        """Hand on what came together."""
        for message in made:
            if isinstance(message, OldMouse) and message.time - self._asked_mouse > _AGAIN:
                self._asked_mouse = message.time
                self._enable_mouse_support()
            late = self._is_late(message, alone=len(made) == 1)
            if late:
                self.process_message(Swallowed())  # a key right beside it was not typed either
            elif not self._only_focuses(message):
                self.process_message(message)

    def _is_late(self, message: Message, *, alone: bool) -> bool:
        """Whether it was meant for the program that had the terminal before."""
        if message.time >= self._late_until or isinstance(message, Quiet):
            return False
        self._late_until = min(message.time + LATE, self._late_limit)
        typed = alone and isinstance(message, events.Key)  # a person may be as quick as that
        ours = InBandWindowResize | TerminalSupportsSynchronizedOutput | events.Resize
        return not (typed or isinstance(message, ours))

    def _only_focuses(self, message: Message) -> bool:
        """Whether it is part of the click that gave the window the focus."""
        if isinstance(message, events.AppFocus):
            self._focused_at = message.time
        elif isinstance(message, events.MouseDown):
            self._click_swallowed = message.time - self._focused_at < FOCUS_CLICK
            return self._click_swallowed
        elif isinstance(message, events.MouseUp):
            swallowed, self._click_swallowed = self._click_swallowed, False
            return swallowed
        return False
