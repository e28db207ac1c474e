"""From the bytes of a terminal to events: what `Sieve` lets through, read by Textual's own parser.

Keep true: Textual's parser only ever gets what is whole, and only what it takes at its last
character counts, so that it never breaks a sequence up into keys; whatever it makes of hostile
numbers, nothing raises; a size that no terminal has reaches nobody.
"""

import re
from collections.abc import Iterable
from contextlib import suppress

from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.geometry import Size
from textual.message import Message

from parallel_agents.tui.sieve import Sieve, Token

_OURS = re.compile(
    r"\x1b\[(?:<\d{1,5};-?\d{1,5};-?\d{1,5}[Mm]"  # a mouse report, SGR
    r"|48(?:;\d{1,6}(?::\d*)*){4}t"  # the new size, in band
    r"|\?\d{1,5};\d\$y)"  # a mode report
)
"""Reports that Textual's parser keeps something of, and takes whole."""

BURST = 0.03
"""Seconds: keys that come closer than this were not typed one by one."""

CROWD = 4
"""Keys in one read that are many: a slow line may bring two or three that were typed."""

_HARMLESS = (events.Key, events.AppFocus, events.AppBlur, events.CursorPosition)
_LARGEST = Size(4_000, 2_000)
_UNKNOWN_MODE = re.compile(r"\x1b\[\?(?!2026;|2048;)")


class Swallowed(events.Event, bubble=False):
    """Something that is no key came from the terminal: a report, an answer, a part of something."""


class Quiet(events.Event, bubble=False):
    """Nothing has come from the terminal for `BURST` seconds."""


class Crowd(Swallowed, bubble=False):
    """Many keys follow that came in one read: nobody typed them one by one."""


class OldMouse(Swallowed, bubble=False):
    """The terminal reports the mouse in a way that cannot be told from text."""


class TerminalInput:
    """Takes what is read from a terminal, gives events.

    Args:
        escape: seconds after which an Escape that nothing follows is the key.
    """

    def __init__(self, escape: float = constants.ESCAPE_DELAY) -> None:
        self._sieve = Sieve(escape)
        self._parser = XTermParser()
        self._quiet_at: float | None = None

    @property
    def deadline(self) -> float | None:
        """When `tick` has something to do; None while nothing is awaited."""
        times = [t for t in (self._sieve.deadline, self._quiet_at) if t is not None]
        return min(times, default=None)

    def feed(self, data: bytes, now: float) -> list[Message]:
        """Take what one read gave.

        Args:
            data: the bytes.
            now: seconds that only ever grow.

        Returns:
            The events, all with the time of this read.
        """
        made = self._messages(self._sieve.feed(data, now))
        if sum(isinstance(message, events.Key) for message in made) >= CROWD:
            made.insert(0, Crowd())
        if self._sieve.deadline is not None:
            made.append(Swallowed())
        return self._came(made, now)

    def tick(self, now: float) -> list[Message]:
        """Say that nothing has come until now, so that what was begun may be over.

        Args:
            now: seconds that only ever grow.

        Returns:
            The events that this comes to.
        """
        # What was held back came when it was read: nothing has come since.
        made = self._messages(self._sieve.tick(now))
        if self._quiet_at is not None and now < self._quiet_at:
            return _at(now, made)
        over, self._quiet_at = bool(made) or self._quiet_at is not None, None
        return _at(now, [*made, Quiet()] if over else made)

    def _came(self, made: list[Message], now: float) -> list[Message]:
        if made:
            self._quiet_at = now + BURST
        return _at(now, made)

    def _messages(self, tokens: Iterable[Token]) -> list[Message]:
        return [message for token in tokens for message in self._of(token)]

    def _of(self, token: Token) -> list[Message]:
        match token.kind:
            case "paste":
                return [events.Paste(token.text)]
            case "char":
                return _keys(_typed(token.text))
            case "sequence":
                made = self._sequence(token.text)
                is_key = any(isinstance(message, events.Key) for message in made)
                return made if is_key else [*made, Swallowed()]
            case "noise":
                return [OldMouse() if token.text else Swallowed()]

    def _sequence(self, sequence: str) -> list[Message]:
        if _UNKNOWN_MODE.match(sequence):
            return []
        if _OURS.fullmatch(sequence):
            if sequence.endswith("t") and not _sane(sequence):
                return []
            return list(self._parser.feed(sequence))
        if len(sequence) == 2:
            return _keys(_typed(sequence))
        return [m for m in _known(sequence) if isinstance(m, _HARMLESS)]


def _typed(text: str) -> list[Message]:
    """What a character is, or Escape and a character."""
    if text == "\x1b":
        return [events.Key("escape", text)]
    parser = XTermParser()
    made = list(parser.feed(text))
    return [*made, *parser.feed("")]


def _known(sequence: str) -> list[Message]:
    """What a whole sequence is; nothing when only its beginning would be something."""
    parser = XTermParser()
    if list(parser.feed(sequence[:-1])):
        return []
    with suppress(ValueError, OverflowError):  # a key by the number of no character
        return _keys(parser.feed(sequence[-1]))
    return []


def _keys(made: Iterable[Message]) -> list[Message]:
    """Without keys for what is no character: half a pair, or more than one."""
    return [m for m in made if not isinstance(m, events.Key) or _is_character(m.character)]


def _is_character(text: str | None) -> bool:
    return not text or (len(text) == 1 and not "\ud800" <= text <= "\udfff")


def _sane(report: str) -> bool:
    """Whether a size report names a size that a terminal has."""
    numbers = (int(part.partition(":")[0]) for part in report[5:-1].split(";"))
    rows, columns, height, width = numbers
    cells = 0 < columns <= _LARGEST.width and 0 < rows <= _LARGEST.height
    return cells and height > 0 and width > 0


def _at(now: float, made: list[Message]) -> list[Message]:
    for message in made:
        message.time = now
    return made
