"""Make text from outside safe to show.

Keep true: what `safe` returns holds no control character but newline and tab (tab expanded by
`safe_line`), no bidirectional override and no invisible character but joiners and emoji
selectors; it is a pure mapping of code points, so it cannot be tricked by sequences. It is
applied where text becomes screen or terminal output, never to what is journalled, sent or
answered.
"""

import re

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

_UNSAFE = re.compile(UNSAFE)


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
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
    return _UNSAFE.sub(_shown, text)


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
