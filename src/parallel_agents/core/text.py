"""Makes outside text safe to show.

Keep true: the result of `safe` contains no control character except newline and tab (`safe_line`
replaces both), no bidirectional override, and no invisible character except joiners and emoji
selectors. It maps each code point on its own, so no sequence can trick it. Apply it where text
becomes screen or terminal output, never to text that is journalled or sent.
"""

import re
from functools import cache

_BIDI = ((0x061C, 0x061C), (0x200E, 0x200F), (0x202A, 0x202E), (0x2066, 0x2069))
_INVISIBLE = (
    *((c, c) for c in (0x00AD, 0x034F, 0x200B, 0x3164, 0xFEFF, 0xFFA0)),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2060, 0x206F),
    (0xFE00, 0xFE0D),
    (0xFFF0, 0xFFFB),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)
"""Unicode's `Default_Ignorable_Code_Point` (DerivedCoreProperties) and interlinear marks, without
the joiners U+200C and U+200D and the emoji selectors U+FE0E and U+FE0F, which languages and emoji
need."""
_CONTROL = ((0x00, 0x08), (0x0B, 0x1F), (0x7F, 0x9F))
_SURROGATES = (0xD800, 0xDFFF)
_LINES = ((0x2028, 0x2029),)
UNSAFE = (
    "["
    + "".join(
        f"{chr(first)}-{chr(last)}"
        for first, last in (*_CONTROL, *_BIDI, *_INVISIBLE, _SURROGATES, *_LINES)
    )
    + "]"
)
"""A regular expression for one character that must not be shown."""


@cache
def _unsafe() -> re.Pattern[str]:
    # Compiled at its first use; a command that prints only plain names does not need it.
    return re.compile(UNSAFE)


def _shown(match: "re.Match[str]") -> str:
    """Return the symbol that represents one unsafe character."""
    code = ord(match[0])
    if code in (0x2028, 0x2029, 0x85):
        return "\n"
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if _SURROGATES[0] <= code <= _SURROGATES[1]:
        return "\ufffd"
    return f"⟨{code:02x}⟩" if code < 0xA0 else f"⟨{code:04x}⟩"


def safe(text: str) -> str:
    """Neutralise text that may have several lines.

    Args:
        text: any text; carriage returns before newlines are dropped.

    Returns:
        Text in which a symbol replaces every control, bidirectional or invisible character.
    """
    if text.isascii() and text.isprintable():
        return text
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
    return _unsafe().sub(_shown, text)


@cache
def _dress() -> re.Pattern[str]:
    return re.compile(
        r"(?:\x1b\[|\x9b)[\d;:]*m"  # colours and weights (SGR)
        r"|(?:\x1b\[|\x9b)[0-2]?K"  # erase the line
        r"|\x1b\][^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)"  # titles and links (OSC)
        r"|\x1b\(B\x0f?|\x1b\[\?25[hl]"  # reset the character set; hide or show the cursor
    )


def tool_output(text: str) -> str:
    """Remove terminal formatting from the output of a tool, and from nothing else.

    Args:
        text: raw output.

    Returns:
        The output without colours and links, with the final state of each line that was
        overwritten; still raw, so apply `safe` where it is shown.
    """
    if "\x1b" in text or "\x9b" in text:
        text = _dress().sub("", text)
    if "\r" in text:
        text = "\n".join(map(_last_state, text.split("\n")))
    return _struck(text) if "\x08" in text else text


def _struck(text: str) -> str:
    """Let each backspace delete the character before it, as spinners and manual pages intend."""
    kept: list[str] = []
    for character in text:
        if character == "\x08" and kept and kept[-1] not in "\x08\n":
            kept.pop()
        else:
            kept.append(character)
    return "".join(kept)


def _last_state(line: str) -> str:
    """Return what is visible of a line after its carriage returns."""
    return line.rstrip("\r").rpartition("\r")[2]


def safe_line(text: str, width: int = 0) -> str:
    """Neutralise text for one line.

    Args:
        text: any text.
        width: the maximum number of characters, including an ellipsis if cut; 0 for no limit.

    Returns:
        One line without tabs or newlines.
    """
    line = safe(text).replace("\n", " ").replace("\t", " ")
    if width and len(line) > width:
        return line[: max(width - 1, 0)] + "…"
    return line


_HALVES = re.compile("[\ud800-\udfff]")


def as_text(words: str) -> str:
    """Turn a person's words into text that every program can read.

    Names of files and branches are not words: never change them.

    Args:
        words: raw input; half surrogate pairs in it represent bytes that are not UTF-8
            (PEP 383), which JSON can carry but agents cannot read.

    Returns:
        The words, with U+FFFD for each such byte.
    """
    return _HALVES.sub("\ufffd", words)
