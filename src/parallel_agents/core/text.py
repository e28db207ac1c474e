"""Make text from outside safe to show.

Keep true: what `safe` returns holds no control character but newline and tab (tab expanded by
`safe_line`), no bidirectional override and no invisible character but joiners and emoji
selectors; it is a pure mapping of code points, so it cannot be tricked by sequences. It is
applied where text becomes screen or terminal output, never to what is journalled, sent or
answered.
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
"""Unicode's `Default_Ignorable_Code_Point` (DerivedCoreProperties), interlinear marks added, the
joiners U+200C and U+200D and the emoji selectors U+FE0E and U+FE0F left out: languages and emoji
are written with those."""
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
"""What is no text to show, as a regular expression of one character."""


@cache
def _unsafe() -> re.Pattern[str]:
    # Compiled at its first use: a command that prints plain names does without.
    return re.compile(UNSAFE)


def _shown(match: "re.Match[str]") -> str:
    """The symbol that stands for one unsafe character."""
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
    """Neutralise text for a screen that takes several lines.

    Args:
        text: anything; carriage returns before newlines are dropped.

    Returns:
        Text in which every control, bidirectional or invisible character is shown as a symbol.
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
        r"|\x1b\(B\x0f?|\x1b\[\?25[hl]"  # plain characters again; the cursor hidden, shown
    )


def tool_output(text: str) -> str:
    """Take the dress off what a tool printed for a terminal; for nothing but that.

    Args:
        text: raw output.

    Returns:
        The same without colours and links, each line in the state in which its progress left it;
        still raw: `safe` is to be applied where it is shown.
    """
    if "\x1b" in text or "\x9b" in text:
        text = _dress().sub("", text)
    if "\r" in text:
        text = "\n".join(map(_last_state, text.split("\n")))
    return _struck(text) if "\x08" in text else text


def _struck(text: str) -> str:
    """Let backspaces take the character before them, as spinners and bold manual pages mean it."""
    kept: list[str] = []
    for character in text:
        if character == "\x08" and kept and kept[-1] not in "\x08\n":
            kept.pop()
        else:
            kept.append(character)
    return "".join(kept)


def _last_state(line: str) -> str:
    """What carriage returns have left of a line."""
    return line.rstrip("\r").rpartition("\r")[2]


def safe_line(text: str, width: int = 0) -> str:
    """Neutralise text for one line.

    Args:
        text: anything.
        width: at most so many characters, with an ellipsis when cut; 0 for no limit.

    Returns:
        One line without tabs or newlines.
    """
    line = safe(text).replace("\n", " ").replace("\t", " ")
    if width and len(line) > width:
        return line[: max(width - 1, 0)] + "…"
    return line


_HALVES = re.compile("[\ud800-\udfff]")


def as_text(words: str) -> str:
    """Words that a person wrote, as text that every program reads.

    Args:
        words: as they came; bytes that are no UTF-8 stand in them as half surrogate pairs
            (PEP 383), which JSON can carry and agents cannot read.

    Returns:
        The words, with U+FFFD for each such byte. Names of files and branches are not words:
        they stay as they are.
    """
    return _HALVES.sub("\ufffd", words)
