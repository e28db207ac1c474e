"""Finds text that is not what it seems: hidden, right-to-left, look-alike, or out of sight.

Keep true: no text is removed, and every piece is safe as `safe` makes it; each doubtful part is a
piece of its own that can be highlighted; text in a single natural language raises no doubt.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import Literal, NamedTuple

from parallel_agents.core.options import JsonObject
from parallel_agents.core.text import UNSAFE, safe

Kind = Literal["hidden", "turned", "look-alike", "far", "pushed", "long", "more"]

_SAYS: dict[Kind, str] = {
    "hidden": "hidden characters",
    "turned": "right-to-left text",
    "look-alike": "look-alike letters",
    "far": "text after many blanks",
    "pushed": "text after many empty lines",
    "long": "a very long line",
    "more": "more text than was checked",
}

_LONG = 2_000
"""Nobody reads a line of more characters than this to its end."""

_LOOKED = 200_000
"""How many characters of one text are checked."""

_BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u2800\u3000"
_FAR = r"(?<=\S)[ \t]{24,}+(?=\S)|(?<![^\n])[ \t]{60,}+(?=\S)"
_PUSHED = r"\n(?:[ \t]*+\n){8,}+"
_JOINER = r"(?<=[!-~])[\u200c\u200d\ufe0e\ufe0f]|[\u200c\u200d](?=[!-~])"
_SIGNS = (
    r"[\u2044\u2215\u29f8\u037e\u2236\ua789\u01c0\u2223\u2758\u02cb"
    r"\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff5e]"
)
_OPTION = r"(?<!\S)[\u2010-\u2015\u2212\ufe58\ufe63]++(?=\w)"
_WORD = r"(?<!\w)[0-9A-Za-z_]*+[^\W\x00-\x7f]\w*+"
_ALPHABETS = frozenset({"LATIN", "CYRILLIC", "GREEK", "COPTIC", "ARMENIAN", "CHEROKEE", "LISU"})
_ALIKE = frozenset("аеорсухѕіјһӏԁԛԝАВЕКМНОРСТХІЅЈԌԚԜΑΒΕΖΗΙΚΜΝΟΡΤΥΧονрι")
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@cache
def _doubtful() -> re.Pattern[str]:
    # Compiled at its first use, because most commands check no text.
    return re.compile(
        f"(?P<pushed>{_PUSHED})|(?P<far>{_FAR})|(?P<joiner>{_JOINER})|(?P<blank>[{_BLANKS}])"
        f"|(?P<sign>{_SIGNS}|{_OPTION})|(?P<word>{_WORD})|(?P<unsafe>{UNSAFE})"
    )


class Piece(NamedTuple):
    """A part of a text as it is shown.

    Attributes:
        text: safe text.
        doubt: why it is doubtful; None if it is not.
    """

    text: str
    doubt: Kind | None = None


def pieces(text: str) -> Iterator[Piece]:
    """Split a raw text into doubtful pieces and the rest.

    Args:
        text: raw text.

    Yields:
        The whole text, in order; long runs of blanks and invisible characters become symbols.
    """
    text = text.replace("\r\n", "\n")
    natural = any(_is_native(char) for char in text if char > "\x7f")
    done = 0
    for match in _doubtful().finditer(text):
        found = _piece(match, natural=natural)
        if found.doubt is None:
            continue
        if match.start() > done:
            yield Piece(safe(text[done : match.start()]))
        yield found
        done = match.end()
    if done < len(text):
        yield Piece(safe(text[done:]))


def doubts_of(given: JsonObject) -> tuple[str, ...]:
    """Name the doubts about a tool's input, at any depth.

    Args:
        given: the input, raw and of any shape.

    Returns:
        Each doubt once, in words.
    """
    found = {kind for text in _strings(given) for kind in _kinds(text)}
    return tuple(words for kind, words in _SAYS.items() if kind in found)


def _kinds(text: str) -> Iterator[Kind]:
    for piece in pieces(text[:_LOOKED]):
        if piece.doubt is not None:
            yield piece.doubt
    if len(text) > _LOOKED:
        yield "more"
    elif any(len(line) > _LONG for line in text.split("\n")):
        yield "long"


def _strings(value: object) -> Iterator[str]:
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as text:
                yield text
            case dict() as fields:
                waiting += [*fields.keys(), *fields.values()]
            case list() as items:
                waiting += items
            case _:
                pass


def _piece(match: re.Match[str], *, natural: bool) -> Piece:
    text = match[0]
    match match.lastgroup:
        case "pushed" if not match.string[match.end() :].strip():
            return Piece(text)
        case "pushed":
            return Piece(f"\n⟨{text.count(chr(10)) - 1} empty lines⟩\n", "pushed")
        case "far":
            return Piece(f" ⟨{len(text.expandtabs(8))} blanks⟩ ", "far")
        case "joiner" | "blank":
            return Piece("".join(f"⟨{ord(char):04x}⟩" for char in text), "hidden")
        case "sign":
            return Piece(text, "look-alike")
        case "word":
            shown = safe(text)
            return Piece(shown, "hidden" if shown != text else _of_word(text, natural=natural))
        case _:
            return Piece(safe(text), _of_unsafe(text))


def _of_unsafe(char: str) -> Kind | None:
    if char in _TURNING:
        return "turned"
    return None if char in "\u2028\u2029\x85" else "hidden"


def _of_word(word: str, *, natural: bool) -> Kind | None:
    if any(unicodedata.bidirectional(char) in {"R", "AL"} for char in word):
        return "turned"
    letters = [char for char in word if char.isalpha()]
    if any(char > "\x7f" and unicodedata.normalize("NFKC", char).isascii() for char in letters):
        return "look-alike"
    alphabets = {_alphabet(char) for char in letters} & _ALPHABETS
    alike = all(char in _ALIKE for char in letters) and not natural
    return "look-alike" if len(alphabets) > 1 or (letters and alike) else None


def _alphabet(char: str) -> str:
    return unicodedata.name(char, "").partition(" ")[0]


def _is_native(char: str) -> bool:
    """Tell whether a letter shows that the text itself is in an alphabet with look-alikes."""
    return char not in _ALIKE and char.isalpha() and _alphabet(char) in _ALPHABETS - {"LATIN"}
