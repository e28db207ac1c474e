"""Turn a terminal's bytes into events: Textual's own parser reads what `Sieve` lets through.

Keep true: Textual's parser only ever gets whole pieces, and only an event that it makes at the last
character counts, so that it never breaks a sequence up into keys; nothing raises, whatever the
parser makes of hostile numbers; a size that no terminal has is reported to nobody.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress

from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.geometry import Size
from textual.message import Message

from parallel_agents.tui.terminal.sieve import Sieve, Token

_OURS = re.compile(
    r"\x1b\[(?:<\d{1,5};-?\d{1,5};-?\d{1,5}[Mm]"  # a mouse report, SGR
    r"|48(?:;\d{1,6}(?::\d*)*){4}t"  # the new size, in band
    r"|\?\d{1,5};\d\$y)"  # a mode report
)
"""Reports from which Textual's parser keeps state, and which it reads completely."""

BURST = 0.03
"""Seconds: keys that come closer together than this were not typed one by one."""

REST = 0.12
"""Seconds: a key followed by another one sooner than this may be the beginning of a typed text."""

CROWD = 4
"""How many keys in one read are too many: a slow line may bring two or three that were typed."""

_HARMLESS = (events.Key, events.AppFocus, events.AppBlur, events.CursorPosition)
_LARGEST = Size(4_000, 2_000)
_UNKNOWN_MODE = re.compile(r"\x1b\[\?(?!2026;|2048;)")


class Swallowed(events.Event, bubble=False):
    """The terminal sent something other than a key: a report, an answer, an unfinished piece."""


class Quiet(events.Event, bubble=False):
    """Nothing has come from the terminal for `BURST` seconds."""


class Rested(events.Event, bubble=False):
    """No key has come from the terminal for `REST` seconds."""


class Crowd(Swallowed, bubble=False):
    """Many keys of a single read follow: nobody typed them one by one."""


class OldMouse(Swallowed, bubble=False):
    """The terminal reports the mouse in a way that cannot be told apart from text."""


class TerminalInput:
    """Takes what is read from a terminal and returns events.

    Args:
        escape: seconds after which an Escape with nothing after it is the key.
    """

    def __init__(self, escape: float = constants.ESCAPE_DELAY) -> None:
        self._sieve = Sieve(escape)
        self._parser = XTermParser()
        self._quiet_at: float | None = None
        self._rested_at: float | None = None

    @property
    def deadline(self) -> float | None:
        """When `tick` has to be called; None while nothing is awaited."""
        times = (self._sieve.deadline, self._quiet_at, self._rested_at)
        return min((time for time in times if time is not None), default=None)

    def feed(self, data: bytes, now: float) -> list[Message]:
        """Handle the bytes of one read.

        Args:
            data: the bytes.
            now: monotonic time in seconds.

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
        """Note that nothing has come until now, so that unfinished input may be given up.

        Args:
            now: monotonic time in seconds.

        Returns:
            The events that result.
        """
        # What was held back came when it was read: nothing has come since.
        made = self._messages(self._sieve.tick(now))
        self._note_keys(made, now)
        said = [*made, *self._silences(now, anything=bool(made))]
        return _at(now, said)

    def _silences(self, now: float, *, anything: bool) -> Iterator[Message]:
        """Say how long nothing, or no key, has come."""
        if self._quiet_at is None or now >= self._quiet_at:
            if anything or self._quiet_at is not None:
                yield Quiet()
            self._quiet_at = None
        if self._rested_at is not None and now >= self._rested_at:
            self._rested_at = None
            yield Rested()

    def _came(self, made: list[Message], now: float) -> list[Message]:
        if made:
            self._quiet_at = now + BURST
        self._note_keys(made, now)
        return _at(now, made)

    def _note_keys(self, made: list[Message], now: float) -> None:
        if any(isinstance(message, events.Key) for message in made):
            self._rested_at = now + REST

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
    """Read a character, or Escape and a character, as keys."""
    if text == "\x1b":
        return [events.Key("escape", text)]
    parser = XTermParser()
    made = list(parser.feed(text))
    return [*made, *parser.feed("")]


def _known(sequence: str) -> list[Message]:
    """Read a whole sequence; gives nothing if its beginning alone would already be something."""
    parser = XTermParser()
    if list(parser.feed(sequence[:-1])):
        return []
    with suppress(ValueError, OverflowError):  # a key whose number is no character's
        return _keys(parser.feed(sequence[-1]))
    return []


def _keys(made: Iterable[Message]) -> list[Message]:
    """Drop keys whose character is none: half a surrogate pair, or more than one character."""
    return [m for m in made if not isinstance(m, events.Key) or _is_character(m.character)]


def _is_character(text: str | None) -> bool:
    return not text or (len(text) == 1 and not "\ud800" <= text <= "\udfff")


def _sane(report: str) -> bool:
    """Whether a size report gives a size that a terminal can have."""
    numbers = (int(part.partition(":")[0]) for part in report[5:-1].split(";"))
    rows, columns, height, width = numbers
    cells = 0 < columns <= _LARGEST.width and 0 < rows <= _LARGEST.height
    return cells and height > 0 and width > 0


def _at(now: float, made: list[Message]) -> list[Message]:
    for message in made:
        message.time = now
    return made
