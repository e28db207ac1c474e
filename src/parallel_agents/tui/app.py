"""The screen's wiring: one connection, one store, one main screen."""

import gc
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import CommandPalette, Provider
from textual.notifications import Notify, SeverityLevel
from textual.widget import Widget

from parallel_agents.client.ahead import Ahead
from parallel_agents.client.connection import Connection
from parallel_agents.core.text import safe_line
from parallel_agents.tui.model.backend import Backend, Link
from parallel_agents.tui.model.key_table import USUAL, KeyTable
from parallel_agents.tui.model.screen_settings import chosen_keys, settings_file
from parallel_agents.tui.model.store import Store
from parallel_agents.tui.palette import ActionPalette, Palette
from parallel_agents.tui.screens.confirm import Reading
from parallel_agents.tui.screens.main import MainScreen
from parallel_agents.tui.terminal.fault import noted
from parallel_agents.tui.terminal.key_queue import KeyQueue
from parallel_agents.tui.terminal.modes import Modes
from parallel_agents.tui.terminal.terminal_driver import TerminalDriver
from parallel_agents.tui.terminal.terminal_input import Quiet, Rested, Swallowed
from parallel_agents.tui.text.styles import DARK, themes
from parallel_agents.tui.widgets.card import CardView
from parallel_agents.tui.widgets.notice import Notice


class ScreenApp(App[None]):
    """The application.

    Args:
        directory: where a new session is dispatched by default; absolute.
        connect: opens a connection to the supervisor.
        clock: seconds that only ever grow.
        keys: the keys that count.
        wrong: what is wrong with the settings of the screen, in plain words.
        typed: whether keys come from a terminal, so that a burst of them was not typed.
        painted: called once, when the screen has painted.
    """

    CSS_PATH = "style.tcss"
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {Palette}
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "quit", show=False, priority=True)]

    def __init__(
        self,
        directory: str,
        connect: Callable[[], Awaitable[Link]],
        clock: Callable[[], float] = time.monotonic,
        *,
        keys: KeyTable = USUAL,
        wrong: Sequence[str] = (),
        typed: bool = False,
        painted: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(driver_class=TerminalDriver)
        self.place = directory
        self.keys_in_use = keys
        self._wrong = wrong
        self._connect = connect
        self._clock = clock
        self._painted = painted
        self._told_title = ""
        self._keys = KeyQueue(self, self._give, _decides, self._letters, typed=typed)
        for theme in themes():
            self.register_theme(theme)
        self.theme = DARK

    async def on_event(self, event: events.Event) -> None:
        """Give keys to whoever has the focus once the key before has had its effect."""
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            await self._keys.take(event)
        elif isinstance(event, Swallowed):
            self._keys.swallowed(event)
        elif isinstance(event, Quiet):
            await self._keys.quiet()
        elif isinstance(event, Rested):
            await self._keys.rested()
        else:
            await super().on_event(event)

    async def _give(self, event: events.Event, focused: Widget | None) -> None:
        """Give a key or a paste away, as Textual does, but to whom it was judged for.

        Textual asks again who has the focus, once it has looked for a binding.
        """
        if isinstance(event, events.Key) and await self._check_bindings(event.key, priority=True):
            return
        self._main.given(event)
        (focused or self.screen)._forward_event(event)  # noqa: SLF001 - as Textual's own does

    def _letters(self) -> Modes:
        """What letters mean on the screen that gets keys."""
        return self.screen if isinstance(self.screen, Modes) else Modes()

    def get_default_screen(self) -> MainScreen:
        """The main screen, as the first one: none is laid out and painted under it."""
        store = Store(lambda: self._main.wake())  # noqa: PLW0108 - made after the store
        store.backend = Backend(self._connect, store)
        self._main = MainScreen(store, self.keys_in_use, self._clock, self.tell_title, self.place)
        return self._main

    def on_mount(self) -> None:
        """Connect."""
        backend = self._main.store.backend
        assert backend is not None  # noqa: S101 - made with the screen
        self.run_worker(backend.run(), group="backend", exit_on_error=True)
        for problem in self._wrong:
            self.notify(safe_line(problem), severity="error", timeout=20, markup=False)
        if self._painted is not None:
            self.call_after_refresh(self._painted)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a notification for a while."""
        seconds = self.NOTIFICATION_TIMEOUT if timeout is None else timeout
        self.post_message(Notify(Notice(message, title, severity, seconds, markup)))

    def on_notify(self, event: Notify) -> None:
        """Take away what the new notification replaces, before Textual shows it."""
        topic = event.notification.topic if isinstance(event.notification, Notice) else ""
        if topic:
            for shown in list(self._notifications):
                if isinstance(shown, Notice) and shown.topic == topic:
                    self._unnotify(shown, refresh=False)

    async def action_quit(self) -> None:
        """Close the screen, from a dialog too; sessions keep working."""
        self._main.do_quit()

    def action_command_palette(self) -> None:
        """Open the palette, unless one is open, be it under a dialog.

        Textual's own has an id, which the last one keeps until it is removed.
        """
        if not any(isinstance(opened, CommandPalette) for opened in self.screen_stack):
            self.push_screen(ActionPalette())

    def _fatal_error(self) -> None:
        """Say it in plain words; Textual would print every value of every frame."""
        error = sys.exc_info()[1]
        if error is not None:
            self._exit_renderables.append(Text(noted(error)))
        self._close_messages_no_wait()

    def tell_title(self, text: str) -> None:
        """Set the terminal's title (OSC 2)."""
        title = safe_line(text)
        if title != self._told_title and self._driver is not None and not self.is_headless:
            self._told_title = title
            self._driver.write(f"\x1b]2;{title}\x07")


def _decides(widget: Widget | None) -> bool:
    """Whether no key of a burst must reach it; None: nothing has the focus, the screen gets it."""
    return widget is None or isinstance(widget, CardView | Reading)


def _connector(ahead: Ahead) -> Callable[[], Awaitable[Link]]:
    """Opens connections; the first one over the socket that is already being connected."""
    waiting = [ahead]

    def opens() -> Awaitable[Link]:
        return Connection.open(ahead=waiting.pop() if waiting else None)

    return opens


def run(directory: str, ahead: Ahead, painted: Callable[[], None]) -> int:
    """Open the screen and stay until the person leaves it.

    Args:
        directory: where a new session is dispatched by default; absolute.
        ahead: a connection to the supervisor, begun before the screen was loaded.
        painted: called once, when the screen has painted.

    Returns:
        The exit code.
    """
    keys, wrong = chosen_keys(settings_file())
    opens = _connector(ahead)
    app = ScreenApp(directory, opens, keys=keys, wrong=wrong, typed=True, painted=painted)
    # A full collection over all of Textual stops the screen for a tenth of a second.
    gc.freeze()
    gc.set_threshold(10_000, 50, 1_000)
    gc.enable()
    app.run()
    return app.return_code or 0
