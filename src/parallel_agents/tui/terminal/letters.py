"""Tells letters pressed one by one, each a command, from a text that is being typed.

Keep true: only times of presses count, never when a key is handled; no letter of a text is lost.
The times are those of practised typists: 120 to 200 ms from letter to letter within a word, while a
choice between commands takes a person more than 250 ms. A held key repeats every 20 to 60 ms.
"""

from typing import Protocol

from textual import events

BEFORE = 0.25
"""Seconds: a letter that follows another one sooner than this may be part of a text."""

AFTER = 0.12
"""Seconds: a letter that is followed by another one sooner than this may begin a text."""

HELD = 0.1
"""Seconds: the same letter coming sooner than this comes from a key that is held down."""

MANY = 16
"""So many letters wait only if a program sent them, or the screen was busy for seconds."""

STEPS = frozenset("jk[]{}<>JK")
"""Letters that people press quickly one after the other to move; none of them makes a text."""


def is_letter(event: events.Key) -> bool:
    """Whether a key types a character, a space too."""
    return event.is_printable and bool(event.character)


def repeats(before: events.Event, after: events.Event) -> bool:
    """Whether two presses are one key that is held down."""
    same = (
        isinstance(before, events.Key)
        and isinstance(after, events.Key)
        and (before.key == after.key)
    )
    return same and after.time - before.time <= HELD


def crowds(
    other: events.Event, *, before: events.Event | None = None, after: events.Event | None = None
) -> bool:
    """Whether another letter came so near that this one may belong to a text.

    Args:
        other: the other letter.
        before: this letter, if the other one came before it.
        after: this letter, if the other one came after it.
    """
    if before is not None:
        near = before.time - other.time <= BEFORE
        return near and _character(other) not in {_character(before), *STEPS}
    assert after is not None  # noqa: S101 - one of the two is given
    return other.time - after.time <= AFTER and _character(other) != _character(after)


def _character(event: events.Event) -> str:
    return (event.character or "") if isinstance(event, events.Key) else ""


class Letter(Protocol):
    """A letter as it arrived.

    Attributes:
        crowded: whether another letter came so near that it may belong to a text.
    """

    crowded: bool

    @property
    def event(self) -> events.Event:
        """The letter and the time of its press."""


class Neighbours:
    """The letters that came so shortly before that a new one has to be compared with them."""

    def __init__(self) -> None:
        self._letters: list[Letter] = []

    def add(self, letter: Letter) -> None:
        """Judge a letter by those before it, and those by this one."""
        at, same = letter.event.time, _character(letter.event)
        self._letters = [old for old in self._letters if at - old.event.time <= BEFORE]
        for old in self._letters:
            old.crowded |= crowds(letter.event, after=old.event)
            # The second of two equal letters belongs to what the first one belongs to.
            letter.crowded |= crowds(old.event, before=letter.event) or (
                old.crowded and _character(old.event) == same
            )
        self._letters.append(letter)


class Run:
    """The letters typed in a row where letters are commands."""

    def __init__(self) -> None:
        self._letters = ""
        self._dropped = False
        self._newest = 0.0

    def add(self, event: events.Event, *, dropped: bool) -> None:
        """Continue the row, or begin a new one after a pause.

        Args:
            event: the letter.
            dropped: whether its command was not carried out.
        """
        if event.time - self._newest > BEFORE:
            self.clear()
        self._letters += _character(event)
        self._dropped |= dropped
        self._newest = event.time

    def clear(self) -> None:
        """Begin a new row."""
        self._letters, self._dropped = "", False

    @property
    def is_text(self) -> bool:
        """Whether the row can only be a text: commands alone, such as `d i t`, are none."""
        letters = {letter for letter in self._letters if letter.isalpha() and letter not in STEPS}
        return self._dropped and len(letters) > 1

    def take(self) -> str:
        """Return the text, without the steps that came before it, and begin a new row."""
        text = self._letters
        first = next(i for i, letter in enumerate(text) if letter not in STEPS)
        self.clear()
        return text[max(first - 1, 0) :]
