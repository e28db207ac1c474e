"""Keys take effect one after the other.

Textual gives a key to whoever has the focus when it arrives, and runs its binding only when the key
has come up through all parents. A key typed right behind it was given away by then, though the
first one moves the focus or opens a dialog: typed words would act as keys of the list.

Keep true: a key, or a paste, is given away only when the one before it has had its effect, the
focus of a dialog that it opened included; no key waits longer than `PATIENCE`, whatever happens.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from textual import events
from textual.app import App
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

PATIENCE = 1.0
"""Seconds after which the next key is given away anyhow."""

REPEATED = frozenset(
    {"up", "down", "left", "right", "pageup", "pagedown", "j", "k", "backspace", "delete"}
)
"""Keys that are held down, and that neither move the focus nor open anything: the same one again
need not wait, so that the screen is painted once for many."""

Give = Callable[[events.Event], Awaitable[None]]


@dataclass(eq=False, slots=True)
class _Turn:
    """One key on its way.

    Attributes:
        key: its name; empty for a paste.
        screen: the one it was given to.
        way: who may still handle it, from the focused widget up.
        timer: ends the turn when nothing else does.
    """

    key: str
    screen: Screen[object]
    way: deque[Widget] = field(default_factory=deque)
    timer: Timer | None = None

    def end(self) -> None:
        """Nobody waits for it any more."""
        if self.timer is not None:
            self.timer.stop()


class InOrder:
    """Gives keys to an application, one at a time.

    Args:
        app: the application.
        give: what gives a key to the focused widget.
    """

    def __init__(self, app: App[None], give: Give) -> None:
        self._app = app
        self._give = give
        self._waiting: deque[events.Event] = deque()
        self._turn: _Turn | None = None

    async def take(self, event: events.Event) -> None:
        """Give a key away, at once or when its turn has come."""
        self._waiting.append(event)
        await self._give_on()

    async def _give_on(self) -> None:
        while self._waiting and (self._turn is None or self._repeats(self._turn)):
            await self._begin(self._waiting.popleft())

    def _repeats(self, turn: _Turn) -> bool:
        return turn.key in REPEATED and _key(self._waiting[0]) == turn.key

    async def _begin(self, event: events.Event) -> None:
        focused = self._app.focused or self._app.screen
        way = deque(node for node in focused.ancestors_with_self if isinstance(node, Widget))
        if self._turn is not None:
            self._turn.end()
        turn = self._turn = _Turn(_key(event), self._app.screen, way)
        turn.timer = self._app.set_timer(PATIENCE, lambda: self._done(turn))
        await self._give(event)
        self._follow(turn)

    def _follow(self, turn: _Turn) -> None:
        """Go up behind the key: whoever is asked later has handled it before."""
        while turn.way:
            if turn.way.popleft().call_later(self._follow, turn):
                return
        self._app.call_later(self._acted, turn)

    def _acted(self, turn: _Turn) -> None:
        """Its binding was run; what that put off, as a change of the focus, comes first."""
        self._app.call_later(self._settle, turn)

    async def _settle(self, turn: _Turn) -> None:
        await asyncio.sleep(0)  # a worker that the binding began gets to open its dialog
        screen = self._app.screen
        if screen is turn.screen or not screen.call_after_refresh(self._dialog_is_up, turn):
            await self._done(turn)

    def _dialog_is_up(self, turn: _Turn) -> None:
        """It asked for the focus before this; that is granted first."""
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
