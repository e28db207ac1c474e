"""Colour source code with Pygments, in the few colours of the screen.

Keep true: the coloured text equals the safe text character by character, or the code is shown
plain; long texts are not highlighted, so that no input is slow.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

from rich.style import Style

from parallel_agents.core.text import safe
from parallel_agents.tui.text.spans import TAB, Span
from parallel_agents.tui.text.styles import Ink

if TYPE_CHECKING:
    from pygments.lexer import Lexer  # type: ignore[import-untyped]

LONGEST = 20_000
"""Code with more characters than this is shown plain."""

WIDEST = 2_000
"""Code with a line of more characters than this is shown plain."""


def highlight(text: str, language: str, ink: Ink, *, filename: str = "") -> list[list[Span]]:
    """Colour code.

    Args:
        text: the code, raw.
        language: name of a language, as in a Markdown fence; may be empty or unknown.
        ink: the styles.
        filename: its file name, used when there is no language.

    Returns:
        The spans of each line; there are as many lines as in the safe text.
    """
    shown = safe(text).expandtabs(TAB)
    plain = shown.split("\n")
    lexer = _lexer(language.lower(), _base_name(filename))
    if lexer is None or len(shown) > LONGEST or max(map(len, plain)) > WIDEST:
        return [[Span(line, ink.text)] for line in plain]
    lines: list[list[Span]] = [[]]
    for kind, value in lexer.get_tokens(shown):
        style = _style(kind, ink)
        first, *rest = value.split("\n")
        lines[-1].append(Span(first, style))
        lines.extend([Span(part, style)] for part in rest)
    if ["".join(part.text for part in line) for line in lines] != plain:
        return [[Span(line, ink.text)] for line in plain]
    return lines


def _base_name(filename: str) -> str:
    name = filename.rsplit("/", 1)[-1]
    return name if len(name) < 100 and name.isprintable() else ""


@lru_cache(maxsize=64)
def _lexer(language: str, filename: str) -> "Lexer | None":
    from pygments.lexers import (  # type: ignore[import-untyped]
        get_lexer_by_name,
        get_lexer_for_filename,
    )
    from pygments.util import ClassNotFound  # type: ignore[import-untyped]

    try:
        if language:
            return get_lexer_by_name(language, stripnl=False, ensurenl=False)
        if filename:
            return get_lexer_for_filename(filename, stripnl=False, ensurenl=False)
    except ClassNotFound:
        pass
    return None


def _style(kind: object, ink: Ink) -> Style:
    match str(kind).split(".")[1:2]:
        case ["Keyword"]:
            return ink.keyword
        case ["Operator" | "Punctuation"]:
            return ink.muted
        case ["Comment"]:
            return ink.comment
        case ["Literal"]:
            return ink.string
        case _:
            return ink.text
