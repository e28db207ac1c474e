"""Keys take effect one after the other.

Textual gives a key to the widget that has the focus when the key arrives, and runs its binding only
after the key has passed through all parents. By then it has already given away a key typed right
after it, even if the first one moves the focus or opens a dialog: typed words would act as keys of
the list.

Keep true: a key or paste is given away only after the previous one has taken effect, including the
focus of a dialog that it opened; no key waits longer than `PATIENCE`, whatever happens; widgets
that decide something take no key that came in a burst, because only a terminal or a program sends
bursts; this is judged for the widget that gets the key, and no other widget gets it, wherever the
focus goes.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from textual import events
from textual.app import App
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, TextArea

from parallel_agents.tui.terminal.terminal_input import Crowd

PATIENCE = 1.0
"""Seconds after which the next key is given away in any case."""

REPEATED = frozenset(
    {"up", "down", "left", "right", "pageup", "pagedown", "j", "k", "backspace", "delete"}
)
"""Keys that people hold down, and that neither move the focus nor open anything: a repeat need not
wait, so that the screen is painted once for many of them."""

SCROLLING = frozenset({"up", "down", "pageup", "pagedown", "home", "end", "j", "k"})
"""Keys that only move what is shown: they work in a burst, too, as when they are held down."""

LONE = frozenset({"ctrl+q", "ctrl+x", "ctrl+g", "ctrl+o", "ctrl+s"})
LONE_LETTERS = frozenset({"q", "T", "o", "E"})
"""Keys that close the screen, stop a session, lend the terminal or take the text written; the
letters only outside text fields. They work only if nothing else comes right before or after
them."""

_MODIFIERS = frozenset(
    f"{side}_{name}" for side in ("left", "right") for name in ("shift", "control", "alt", "super")
)

Give = Callable[[events.Event, Widget | None], Awaitable[None]]


@dataclass(eq=False, slots=True)
class _Arrived:
    """A key or a paste as it arrived.

    Attributes:
        event: the key or paste.
        burst: whether something else came right before or right after it.
        settled: whether nothing came right after it.
        focused: what had the focus when its turn came.
    """

    event: events.Event
    burst: bool = False
    settled: bool = False
    focused: Widget | None = None


@dataclass(eq=False, slots=True)
class _Turn:
    """One key that is being handled.

    Attributes:
        key: its name; empty for a paste.
        screen: the screen it was given to.
        way: the widgets that may still handle it, from the focused one up.
        timer: ends the turn if nothing else does.
    """

    key: str
    screen: Screen[object]
    way: deque[Widget] = field(default_factory=deque)
    timer: Timer | None = None

    def end(self) -> None:
        """Stop the timer: nothing waits for this key any more."""
        if self.timer is not None:
            self.timer.stop()


class KeyQueue:
    """Gives keys to an application, one at a time.

    Args:
        app: the application.
        give: gives a key to a widget; None means the screen.
        careful: whether a widget decides something, so that it takes no key of a burst.
        typed: whether keys come from a terminal, which reports when it is quiet.
    """

    def __init__(
        self,
        app: App[None],
        give: Give,
        careful: Callable[[Widget | None], bool] = lambda _: False,
        *,
        typed: bool = False,
    ) -> None:
        self._app = app
        self._give = give
        self._careful = careful
        self._typed = typed
        self._waiting: deque[_Arrived] = deque()
        self._newest = _Arrived(events.Event())
        self._newest.settled = True
        self._held: tuple[_Arrived, _Turn] | None = None
        self._crowd = -1.0
        self._turn: _Turn | None = None

    async def take(self, event: events.Event) -> None:
        """Give a key away, at once or when its turn comes."""
        self._waiting.append(self._arrived(event))
        await self._give_on()

    def swallowed(self, event: events.Event) -> None:
        """Note input from the terminal that is no key: a key beside it was not typed."""
        self._arrived(event)
        if isinstance(event, Crowd):
            self._crowd = event.time

    def _arrived(self, event: events.Event) -> _Arrived:
        arrived = _Arrived(event)
        if _key(event) in _MODIFIERS:
            return arrived
        before, self._newest = self._newest, arrived
        again = _key(event) == _key(before.event) and _key(event) in LONE
        if not before.settled and not again:
            arrived.burst = before.burst = True
        return arrived

    async def quiet(self) -> None:
        """Note that nothing came for a while: the key typed before was typed by itself."""
        self._newest.settled = True
        if self._held is None:
            return
        arrived, turn = self._held
        self._held = None
        if turn is self._turn and not arrived.burst:
            await self._hand_over(arrived)
        else:
            await self._done(turn)

    async def _give_on(self) -> None:
        while self._waiting and (self._turn is None or self._repeats(self._turn)):
            await self._begin(self._waiting.popleft())

    def _repeats(self, turn: _Turn) -> bool:
        return turn.key in REPEATED and _key(self._waiting[0].event) == turn.key

    async def _begin(self, arrived: _Arrived) -> None:
        """Give a key away; a key with large effects only once nothing has come right after it."""
        arrived.focused = self._app.focused
        care = self._care(arrived)
        if care == "none":
            await self._hand_over(arrived)
        elif care == "alone" and not arrived.burst:
            await (self._hand_over(arrived) if arrived.settled else self._hold(arrived))
        elif care == "few" and arrived.event.time != self._crowd:
            await self._hand_over(arrived)

    def _care(self, arrived: _Arrived) -> Literal["none", "few", "alone"]:
        """Whether a key always works, only outside a crowd of one read, or only by itself."""
        event, focused = arrived.event, arrived.focused
        key = _key(event)
        if not self._typed or not isinstance(event, events.Key) or key in SCROLLING:
            return "none"
        if key in LONE:
            return "alone"
        if isinstance(focused, Input | TextArea):
            return "none"
        if key in LONE_LETTERS:
            return "alone"
        if self._careful(focused):
            return "alone" if event.is_printable else "few"
        return "none"

    async def _hold(self, arrived: _Arrived) -> None:
        """Wait until the terminal is quiet; drop the key if it never is."""
        turn = self._turn = _Turn("", self._app.screen)
        self._held = arrived, turn
        turn.timer = self._app.set_timer(PATIENCE, lambda: self._done(turn))

    async def _hand_over(self, arrived: _Arrived) -> None:
        event, focused = arrived.event, arrived.focused
        first = focused or self._app.screen
        way = deque(node for node in first.ancestors_with_self if isinstance(node, Widget))
        if self._turn is not None:
            self._turn.end()
        turn = self._turn = _Turn(_key(event), self._app.screen, way)
        turn.timer = self._app.set_timer(PATIENCE, lambda: self._done(turn))
        await self._give(event, focused)
        self._follow(turn)

    def _follow(self, turn: _Turn) -> None:
        """Follow the key upwards: a widget called later has already handled the key."""
        while turn.way:
            if turn.way.popleft().call_later(self._follow, turn):
                return
        self._app.call_later(self._acted, turn)

    def _acted(self, turn: _Turn) -> None:
        """After the binding has run, let through what it deferred, such as a focus change."""
        self._app.call_later(self._settle, turn)

    async def _settle(self, turn: _Turn) -> None:
        await asyncio.sleep(0)  # lets a worker that the binding started open its dialog
        screen = self._app.screen
        if screen is turn.screen or not screen.call_after_refresh(self._dialog_is_up, turn):
            await self._done(turn)

    def _dialog_is_up(self, turn: _Turn) -> None:
        """Let the dialog get the focus first: it asked for it before this call."""
        self._app.call_later(self._done, turn)

    async def _done(self, turn: _Turn) -> None:
        if turn is not self._turn:
            return
        turn.end()
        self._turn = None
        if self._waiting and self._app.is_running:
            await self._give_on()


def _key(event: events.Event) -> str:
    return event.key if isinstance(event, events.Key) else ""
