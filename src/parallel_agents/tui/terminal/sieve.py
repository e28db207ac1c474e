"""Cuts terminal input into whole pieces, before anything can take one of its bytes for a key.

Keep true: no byte of a control string, an old mouse report or an incomplete sequence ever becomes a
key; nor does pasted text; whatever begins and never ends is given up after a time, and after a
length, so that the terminal can be used again. Nothing here raises, waits or reads a clock.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

HALF = 1.0
"""Seconds after which an unfinished sequence, control string or paste is given up."""

MOUSE = 0.25
"""Seconds after which an unfinished old mouse report is given up."""

QUIET = 0.05
"""Seconds without a byte after which something that was too long counts as ended."""

STRING_LIMIT = 1 << 20
"""Characters of a control string; a longer one is dropped until the terminal is quiet."""

PASTE_LIMIT = 1 << 20
"""Characters of a paste that are kept; the rest is dropped."""

_SEQUENCE_LIMIT = 32
_BULK = 16
"""More bytes in one read than anybody types: a string that continues so is still being sent."""

_STRINGS = frozenset("]PX^_")
_OLD_MOUSE = {"\x1b[M": 3, "\x1b[t": 2, "\x1b[T": 6}
_PASTE, _PASTED = "\x1b[200~", "\x1b[201~"
_PASTE_ENDS = ("\x1b[201", "\x9b201")
_URXVT = re.compile(r"\x1b\[\d+;\d+;\d+M")
_RXVT = re.compile(r"\x1b\[\d{1,2}\$")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Token:
    """One whole piece of input.

    Attributes:
        kind: a typed character, a whole escape sequence, a pasted text, or swallowed input.
        text: the character, sequence or paste; `mouse` for a swallowed mouse report.
    """

    kind: Literal["char", "sequence", "paste", "noise"]
    text: str = ""


_NOISE = Token("noise")


class Sieve:
    """Takes bytes as they are read and returns whole pieces.

    Args:
        escape: seconds after which an Escape with nothing after it is the key.
    """

    def __init__(self, escape: float = 0.1) -> None:
        self._escape_delay = escape
        self._state: Callable[[str], None] = self._ground
        self._held = ""
        self._count = 0
        self._paste: list[str] = []
        self._bytes = b""
        self._out: list[Token] = []
        self._now = 0.0
        self._last = -HALF
        self._deadline: float | None = None
        self._behind: float | None = None
        self._behind_limit = 0.0

    @property
    def deadline(self) -> float | None:
        """When `tick` has to be called; None while nothing is unfinished."""
        times = [time for time in (self._deadline, self._behind) if time is not None]
        return min(times, default=None)

    def feed(self, data: bytes, now: float) -> list[Token]:
        """Handle the bytes of one read.

        Args:
            data: the bytes.
            now: monotonic time in seconds.

        Returns:
            The pieces that are complete now.
        """
        self._now = now
        if self._state == self._drain and now - self._last >= QUIET:
            self._rest()
        self._last = now
        if self._behind is not None and now < self._behind:
            self._behind = min(now + QUIET, self._behind_limit)
        elif self._behind is not None:
            self._release()
        if len(data) >= _BULK or self._state == self._in_paste:
            self._wait_on(HALF)
        for char in self._decoded(data):
            self._state(char)
        return self._taken()

    def tick(self, now: float) -> list[Token]:
        """Give up whatever has been unfinished for too long.

        Args:
            now: monotonic time in seconds.

        Returns:
            The pieces that result.
        """
        self._now = now
        if self._behind is not None and now >= self._behind:
            self._release()
        if self._deadline is None or now < self._deadline:
            return self._taken()
        if self._bytes:
            self._bytes = b""
            self._state("\ufffd")
        self._give_up()
        return self._taken()

    def _release(self) -> None:
        """Release what followed a paste: it is not part of it, but was not typed key by key."""
        self._behind = None
        if self._out:
            self._out.insert(0, _NOISE)

    def _taken(self) -> list[Token]:
        """Take the complete pieces; what directly follows a paste waits: it may be part of it."""
        cut = len(self._out)
        if self._behind is not None:
            cut = max(
                (n for n, token in enumerate(self._out, 1) if token.kind == "paste"), default=0
            )
        out, self._out = self._out[:cut], self._out[cut:]
        if self._bytes and self._deadline is None:
            self._deadline = self._now + self._escape_delay
        return out

    # --- bytes to characters ------------------------------------------------------------------

    def _decoded(self, data: bytes) -> str:
        """Decode characters; invalid UTF-8 becomes U+FFFD, except for single C1 bytes."""
        data = self._bytes + data
        if self._bytes and self._state == self._ground:  # only these bytes were waiting
            self._deadline = None
        cut = len(data) - _unfinished(data)
        self._bytes = data[cut:]
        text = data[:cut].decode("utf-8", "surrogateescape")
        return text if text.isascii() else "".join(map(_plain, text))

    # --- what comes next ----------------------------------------------------------------------

    def _become(self, state: Callable[[str], None], held: str, seconds: float) -> None:
        self._state, self._held, self._count = state, held, 0
        self._deadline = self._now + seconds

    def _rest(self) -> None:
        self._state, self._held, self._deadline = self._ground, "", None

    def _swallow(self) -> None:
        self._out.append(_NOISE)
        self._rest()

    def _wait_on(self, seconds: float) -> None:
        """Allow a string or paste more time, since more of it is coming."""
        if self._state in {self._string, self._in_paste}:
            self._deadline = self._now + seconds

    def _give_up(self) -> None:
        """Give up what was not finished in time."""
        held, state = self._held, self._state
        if state == self._escape:
            self._out.append(Token("char", "\x1b"))
        elif state == self._in_paste:
            self._end_paste()
        elif state == self._csi and _RXVT.fullmatch(held):
            self._out.append(Token("sequence", held))
        elif state != self._ground:
            self._out.append(_NOISE)
            if state == self._string and self._now - self._last < QUIET:
                self._become(self._drain, "", QUIET)
                return
        self._rest()

    # --- states: each takes one character -----------------------------------------------------

    def _ground(self, char: str) -> None:
        if char == "\x1b":
            self._become(self._escape, char, self._escape_delay)
        elif "\x80" <= char <= "\x9f":
            self._introduced(chr(ord(char) - 0x40))
        else:
            self._out.append(Token("char", char))

    def _escape(self, char: str) -> None:
        if char == "\x1b":
            self._out.append(Token("char", char))
            self._become(self._escape, char, self._escape_delay)
        elif char in "[O\\" or char in _STRINGS:
            self._introduced(char)
        elif "\x80" <= char <= "\x9f":
            self._ground(char)
        else:
            self._out.append(Token("sequence", "\x1b" + char))
            self._rest()

    def _introduced(self, char: str) -> None:
        """Handle the second character of a sequence; C1 counts as its two-character form."""
        if char == "[":
            self._become(self._csi, "\x1b[", HALF)
        elif char == "O":
            self._become(self._ss3, "\x1bO", HALF)
        elif char in _STRINGS:
            self._become(self._string, "", HALF)
        else:
            self._swallow()

    def _again(self, char: str) -> None:
        """Drop what was begun: this character belongs to something else."""
        self._swallow()
        self._ground(char)

    def _csi(self, char: str) -> None:
        if self._held == "\x1b[[":  # a function key of the Linux console
            self._whole(self._held + char) if "A" <= char <= "E" else self._again(char)
        elif " " <= char <= "?" or (char == "[" and self._held == "\x1b["):
            self._held += char if len(self._held) <= _SEQUENCE_LIMIT else ""
        elif "@" <= char <= "~":
            self._whole(self._held + char)
        else:
            self._again(char)

    def _whole(self, sequence: str) -> None:
        self._rest()
        if sequence in _OLD_MOUSE:
            self._become(self._mouse, "", MOUSE)
            self._count = _OLD_MOUSE[sequence]
        elif sequence == _PASTE:
            self._become(self._in_paste, "", HALF)
        elif sequence == _PASTED:
            self._stray_end()
        elif len(sequence) > _SEQUENCE_LIMIT:
            self._swallow()
        elif _URXVT.fullmatch(sequence):
            self._out.append(Token("noise", "mouse"))
        else:
            self._out.append(Token("sequence", sequence))

    def _ss3(self, char: str) -> None:
        if "0" <= char <= ";" and len(self._held) < 8:
            self._held += char
        elif "A" <= char <= "~":
            self._whole(self._held + char)
        else:
            self._again(char)

    def _string(self, char: str) -> None:
        self._count += 1
        if char == "\x1b":
            self._state = self._string_escape
        elif char in "\x07\x18\x1a\x9c":
            self._swallow()
        elif self._count > STRING_LIMIT:
            self._out.append(_NOISE)
            self._become(self._drain, "", QUIET)

    def _string_escape(self, char: str) -> None:
        if char == "\\":
            self._swallow()
        elif char != "\x1b":  # an Escape within a string cancels it
            self._swallow()
            self._escape(char)

    def _drain(self, _char: str) -> None:
        self._deadline = self._now + QUIET

    def _mouse(self, char: str) -> None:
        self._count -= 1
        if char == "\x1b":
            self._again(char)
        elif not self._count:
            self._out.append(Token("noise", "mouse"))
            self._rest()

    # --- pasted text --------------------------------------------------------------------------

    def _in_paste(self, char: str) -> None:
        if char == "~" and self._held.endswith(_PASTE_ENDS):
            self._end_paste(5 if self._held == _PASTE_ENDS[0] else 4)
            return
        self._held = (self._held + char)[-5:]
        self._count += 1
        if self._count <= PASTE_LIMIT:
            self._paste.append(char)

    def _end_paste(self, mark: int = 0) -> None:
        """End a paste; its last `mark` characters are the end marker."""
        kept = len(self._paste) - max(mark - max(self._count - PASTE_LIMIT, 0), 0)
        text, self._paste = "".join(self._paste[:kept]), []
        self._put_paste(text)
        self._rest()

    def _put_paste(self, text: str) -> None:
        self._out.append(Token("paste", _CONTROL.sub("", text)))
        self._behind, self._behind_limit = self._now + QUIET, self._now + HALF

    def _stray_end(self) -> None:
        """Handle a paste that held its own end marker: what came right after was pasted, too."""
        text = ""
        while self._out and self._out[-1].kind != "paste":
            token = self._out.pop()
            text = token.text + text if token.kind == "char" else text
        self._put_paste(text) if text else self._swallow()


def _plain(char: str) -> str:
    """Return the meaning of a decoded character: C1 bytes are themselves, others are unknown."""
    code = ord(char)
    if not 0xDC80 <= code <= 0xDCFF:
        return char
    return chr(code - 0xDC00) if code < 0xDCA0 else "\ufffd"


def _unfinished(data: bytes) -> int:
    """Count the bytes at the end that are the beginning of a character."""
    for size in range(1, min(4, len(data) + 1)):
        byte = data[-size]
        if byte >= 0xC2:
            return size if size < _length(byte) else 0
        if byte < 0x80:
            return 0
    return 0


def _length(lead: int) -> int:
    return 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4 if lead < 0xF5 else 1
