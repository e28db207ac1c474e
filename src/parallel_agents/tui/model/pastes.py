"""Long pastes of an input, each shown as a short name such as `[pasted 143 lines]`.

Keep true: expanding what is shown gives the text, character by character; what is shown holds no
control characters; a text that only looks like a name stays what it is.
"""

from collections.abc import Iterable, Sequence

from parallel_agents.core.text import safe

FOLD_CHARACTERS = 800
FOLD_LINES = 10
KNOWN = 20
KNOWN_CHARACTERS = 200_000


class Pastes:
    """The pastes of one input.

    Args:
        known: texts that were pasted before.

    Attributes:
        known: texts that are folded again when they come back as a part of another text, such as a
            draft; newest last.
    """

    def __init__(self, known: Iterable[str] = ()) -> None:
        self.known = _bounded(list(known))
        self._texts: dict[str, str] = {}

    def fold(self, text: str, beside: str = "") -> str:
        """Return what to show for a paste: the text itself if it is short and plain.

        Args:
            text: the paste.
            beside: what is shown already; no name is taken that stands in it by chance.
        """
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if _is_short(text) and not any(name in text for name in self._texts):
            return text
        self.known = _bounded([*(other for other in self.known if other != text), text])
        return self._named(text, beside)

    def show(self, text: str) -> str:
        """Return what to show for another text: the pastes that are known in it are folded.

        Args:
            text: a draft, or what was sent before.
        """
        self._texts = {}
        parts = [text]
        for paste in sorted(self.known, key=len, reverse=True):
            if any(paste in plain for plain in parts[::2]):
                parts = _replaced(parts, paste, self._named(paste, text))
        if all(safe(plain) == plain for plain in parts[::2]):
            return "".join(parts)
        self._texts = {}
        return self.fold(text)

    def expand(self, text: str) -> str:
        """Put the pastes back; names inside a paste are not replaced again."""
        parts = [text]
        for name, paste in self._texts.items():
            parts = _replaced(parts, name, paste)
        return "".join(parts)

    def names_in(self, text: str) -> list[tuple[int, int, str]]:
        """Find the folded pastes in what is shown: where each begins and ends, and its text."""
        found = []
        for name, paste in self._texts.items():
            at = text.find(name)
            while at >= 0:
                found.append((at, at + len(name), paste))
                at = text.find(name, at + len(name))
        return sorted(found)

    def _named(self, text: str, beside: str) -> str:
        size = _size(text)
        name, number = f"[pasted {size}]", 1
        while name in self._texts or name in beside:
            number += 1
            name = f"[pasted {size} #{number}]"
        self._texts[name] = text
        return name


def may_unfold(paste: str) -> bool:
    """Whether a paste can be shown as it is: it holds no control characters."""
    return safe(paste) == paste


def _is_short(text: str) -> bool:
    return len(text) <= FOLD_CHARACTERS and _lines(text) <= FOLD_LINES and safe(text) == text


def _lines(text: str) -> int:
    return text.rstrip("\n").count("\n") + 1


def _size(text: str) -> str:
    lines = _lines(text)
    if lines > 1:
        return f"{lines} lines"
    return "1 character" if len(text) == 1 else f"{len(text)} characters"


def _bounded(texts: Sequence[str]) -> tuple[str, ...]:
    """Keep the newest texts; one that alone is too long is not kept."""
    kept: list[str] = []
    room = KNOWN_CHARACTERS
    for text in reversed(texts[-KNOWN:]):
        if text and len(text) <= room:
            kept.insert(0, text)
            room -= len(text)
    return tuple(kept)


def _replaced(parts: Sequence[str], old: str, new: str) -> list[str]:
    """Replace a text in the parts with even numbers; what comes in its place is an odd part."""
    return [
        piece
        for number, part in enumerate(parts)
        for piece in (_around(part, old, new) if number % 2 == 0 else [part])
    ]


def _around(text: str, old: str, new: str) -> list[str]:
    """Put a text between the pieces, so that the pieces have even indexes."""
    first, *rest = text.split(old)
    return [first, *(piece for part in rest for piece in (new, part))]
