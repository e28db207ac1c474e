"""Keys take effect one after the other.

Textual gives a key to the widget that has the focus when the key arrives, and runs its binding only
after the key has passed through all parents. By then it has already given away a key typed right
after it, even if the first one moves the focus or opens a dialog: typed words would act as keys of
the list.

Keep true: a key or paste is given away only after the previous one has taken effect, including the
focus of a dialog that it opened; no key waits longer than `PATIENCE`, whatever happens; widgets
that decide something take no key that came in a burst, because only a terminal or a program sends
bursts; this is judged for the widget that gets the key, and no other widget gets it, wherever the
focus goes; a letter that decides something counts only when it was pressed by itself, and letters
typed in a row run nothing, and none of them is lost.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Literal

from textual import events
from textual.app import App
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, TextArea

from parallel_agents.tui.terminal.letters import MANY, STEPS, Neighbours, Run, is_letter, repeats
from parallel_agents.tui.terminal.modes import Modes
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
"""Keys that close the screen, stop a session, lend the terminal or take the text written. They work
only if nothing else comes right before or after them."""

TWICE = frozenset({"ctrl+x"})
"""Those whose second press does more than the first, so that a key held down counts once."""

_MODIFIERS = frozenset(
    f"{side}_{name}" for side in ("left", "right") for name in ("shift", "control", "alt", "super")
)

Give = Callable[[events.Event, Widget | None], Awaitable[None]]

Care = Literal["none", "few", "quiet", "once", "letter", "decision", "choice", "paste"]
"""How a key is judged: it always works; only outside a crowd of one read; only when the terminal is
quiet around it; only when, besides, it is not held down; as a letter, which works unless it is part
of a text; as a letter that works only by itself; as a letter of a text, which is a command when it
is pressed by itself; as a text."""


@dataclass(eq=False, slots=True)
class _Arrived:
    """A key or a paste as it arrived.

    Attributes:
        event: the key or paste.
        burst: whether something else came right before or right after it.
        settled: whether nothing came right after it.
        crowded: whether another letter came shortly before or after it, as in a text.
        repeated: whether the same letter came so soon that the key was held down.
        rested: whether no key came for a while after it.
        focused: what had the focus when its turn came.
    """

    event: events.Event
    burst: bool = False
    settled: bool = False
    crowded: bool = False
    repeated: bool = False
    rested: bool = False
    focused: Widget | None = None

    @property
    def alone(self) -> bool:
        """Whether nothing has come near it so far."""
        return not (self.burst or self.crowded or self.repeated)


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
        modes: returns what letters mean on the screen that gets keys now.
        typed: whether keys come from a terminal, which reports when it is quiet.
    """

    def __init__(
        self,
        app: App[None],
        give: Give,
        careful: Callable[[Widget | None], bool],
        modes: Callable[[], Modes],
        *,
        typed: bool = False,
    ) -> None:
        self._app = app
        self._give = give
        self._careful = careful
        self._modes = modes
        self._typed = typed
        self._waiting: deque[_Arrived] = deque()
        self._newest = _Arrived(events.Event())
        self._newest.settled = True
        self._letters = Neighbours()
        self._key: _Arrived | None = None
        self._run = Run()
        self._held: tuple[_Arrived, _Turn, Care] | None = None
        self._crowd = -1.0
        self._turn: _Turn | None = None

    async def take(self, event: events.Event) -> None:
        """Give a key away, at once or when its turn comes."""
        self._waiting.append(self._arrived(event))
        if self._held is not None and self._known(self._held[0], self._held[2]):
            await self._release()
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
        if isinstance(event, events.Key):
            self._compare(arrived, event)
        return arrived

    def _compare(self, arrived: _Arrived, event: events.Key) -> None:
        """Judge a key and the one before it by the time between them."""
        last, self._key = self._key, arrived
        if last is not None and repeats(last.event, event):
            last.repeated = arrived.repeated = True
        if is_letter(event):
            self._letters.add(arrived)

    async def quiet(self) -> None:
        """Note that nothing came for a while: the key typed before was typed by itself."""
        self._newest.settled = True
        if self._held is not None and self._held[2] == "quiet":
            await self._release()

    async def rested(self) -> None:
        """Note that no key came for a longer while: a letter typed before is part of no text."""
        for arrived in (self._key, *self._waiting):
            if arrived is not None:
                arrived.rested = True
        if self._held is not None and self._held[2] != "quiet":
            await self._release()

    async def _release(self) -> None:
        """Judge the key that was held back: enough is known about it now."""
        assert self._held is not None  # noqa: S101 - the callers look
        arrived, turn, care = self._held
        self._held = None
        if turn is self._turn:
            turn.end()
            self._turn = None
            await self._judge(arrived, care)
        elif care == "decision":
            self._modes().dropped(_character(arrived.event))
        await self._give_on()

    async def _give_on(self) -> None:
        while self._waiting and (self._turn is None or self._repeats(self._turn)):
            await self._begin(self._waiting.popleft())

    def _repeats(self, turn: _Turn) -> bool:
        return turn.key in REPEATED and _key(self._waiting[0].event) == turn.key

    async def _begin(self, arrived: _Arrived) -> None:
        """Give a key away; a key with large effects only once it is known to stand by itself."""
        arrived.focused = self._app.focused
        care = self._care(arrived)
        if care == "none" and isinstance(arrived.focused, Input | TextArea):
            self._gather(arrived)
        if self._known(arrived, care):
            await self._judge(arrived, care)
        else:
            self._hold(arrived, care)

    def _known(self, arrived: _Arrived, care: Care) -> bool:
        """Whether it is known if a key stands by itself, as far as that matters."""
        match care:
            case "quiet":
                return arrived.settled or arrived.burst
            case "decision" | "choice":
                return arrived.rested or not arrived.alone
            case "once":
                return arrived.rested or arrived.burst or arrived.repeated
            case _:
                return True

    async def _judge(self, arrived: _Arrived, care: Care) -> None:
        """Give a key away, take it as text, or drop it."""
        event = arrived.event
        match care:
            case "letter":
                await self._command(arrived)
            case "decision":
                await self._decision(arrived)
            case "choice" if arrived.alone:
                self._run_beside(partial(self._modes().chosen, _character(event)))
            case "paste":
                assert isinstance(event, events.Paste)  # noqa: S101 - `_care` looked
                self._write(event.text)
            case "quiet" if arrived.burst:
                pass
            case "once" if arrived.burst or arrived.repeated:
                pass
            case "few" if event.time == self._crowd:
                pass
            case _:
                await self._hand_over(arrived)

    async def _command(self, arrived: _Arrived) -> None:
        """A letter runs its command, unless it continues a text."""
        known = self._modes().means(_key(arrived.event))
        self._run.add(arrived.event, dropped=not known)
        if self._run.is_text:
            self._write(self._run.take() + self._letters_behind())
        else:
            await self._hand_over(arrived)

    async def _decision(self, arrived: _Arrived) -> None:
        """A letter that must stand by itself decides, continues a text, or is dropped and said."""
        if arrived.alone:
            self._run.clear()
            await self._hand_over(arrived)
            return
        if arrived.crowded:
            self._run.add(arrived.event, dropped=True)
        if self._run.is_text:
            self._write(self._run.take() + self._letters_behind())
        else:
            self._modes().dropped(_character(arrived.event))

    def _gather(self, arrived: _Arrived) -> None:
        """Let a text field take many waiting letters as one text; each costs it a paint."""
        many = [*islice(self._waiting, MANY)]
        if self._typed and len(many) == MANY and all(map(_is_text, (arrived, *many))):
            text = events.Paste(_character(arrived.event) + self._letters_behind())
            text.time = arrived.event.time
            arrived.event = text

    def _letters_behind(self) -> str:
        """Take the letters that wait already: there may be thousands, as of a paste."""
        letters = []
        while self._waiting and _is_text(self._waiting[0]):
            letters.append(_character(self._waiting.popleft().event))
        return "".join(letters)

    def _write(self, text: str) -> None:
        self._run_beside(partial(self._modes().typed, text))

    def _run_beside(self, takes: Callable[[], None]) -> None:
        """Hand something over that no widget gets; the next key waits for what that opens."""
        turn = self._turn = _Turn("", self._app.screen)
        turn.timer = self._patience(turn)
        takes()
        self._app.call_later(self._settle, turn)

    def _patience(self, turn: _Turn) -> Timer:
        return self._app.set_timer(PATIENCE, lambda: self._done(turn))

    def _care(self, arrived: _Arrived) -> Care:
        """How a key is judged where the focus is."""
        event, focused = arrived.event, arrived.focused
        if not self._typed:
            return "none"
        writing = isinstance(focused, Input | TextArea)
        if isinstance(event, events.Paste):
            return "paste" if not writing and self._modes().commanding() else "none"
        if not isinstance(event, events.Key) or event.key in SCROLLING - STEPS:
            return "none"
        if event.key in LONE:
            return "once" if event.key in TWICE else "quiet"
        if is_letter(event):
            return self._care_of_letter(event, focused, writing=writing)
        return "few" if not writing and self._careful(focused) else "none"

    def _care_of_letter(self, event: events.Key, focused: Widget | None, *, writing: bool) -> Care:
        modes, letter = self._modes(), event.character or ""
        if writing:
            return "choice" if modes.choice(letter) else "none"
        if modes.commanding():
            return "decision" if modes.alone(letter) else "letter"
        return "quiet" if self._careful(focused) and event.key not in SCROLLING else "none"

    def _hold(self, arrived: _Arrived, care: Care) -> None:
        """Wait until it is known whether the key stands by itself; drop it if it never is."""
        turn = self._turn = _Turn("", self._app.screen)
        self._held = arrived, turn, care
        turn.timer = self._patience(turn)

    async def _hand_over(self, arrived: _Arrived) -> None:
        event, focused = arrived.event, arrived.focused
        first = focused or self._app.screen
        way = deque(node for node in first.ancestors_with_self if isinstance(node, Widget))
        if self._turn is not None:
            self._turn.end()
        turn = self._turn = _Turn(_key(event), self._app.screen, way)
        turn.timer = self._patience(turn)
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


def _is_text(arrived: _Arrived) -> bool:
    return isinstance(arrived.event, events.Key) and is_letter(arrived.event)


def _character(event: events.Event) -> str:
    return (event.character or "") if isinstance(event, events.Key) else ""
