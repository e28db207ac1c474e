"""Text from outside can do nothing to a terminal, whatever is in it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core.text import safe, safe_line, tool_output

_ODD = "\x1b\x9b\x07\r\n\t\x7f\x85\u202e\u2066\u200f\u200b\u00ad\ufeff\u2028\U000e0041\ud800a[]"
texts = st.text(st.characters() | st.sampled_from(_ODD))
_JOINERS = {0x200C, 0x200D}
_SEEN = {*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD} | {
    *range(0x13430, 0x13440)
}
"""Format characters that are seen: signs that enclose digits, and Egyptian quadrats."""
_NO_FORMAT = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x3164, 0xFE00, 0xFFA0, 0xE0100}
"""Invisible characters of other categories."""


def _harmful(character: str) -> bool:
    category = unicodedata.category(character)
    bidirectional = unicodedata.bidirectional(character) in {
        "LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI",
    }  # fmt: skip
    return category in {"Cc", "Cs", "Zl", "Zp"} or bidirectional


@given(texts)
def test_no_control_or_bidirectional_character_ever(text: str) -> None:
    assert [c for c in safe(text) if _harmful(c) and c not in "\n\t"] == []


@given(texts)
def test_one_line_has_none_at_all(text: str) -> None:
    assert [c for c in safe_line(text) if _harmful(c)] == []


def test_no_invisible_character_but_joiners() -> None:
    invisible = {c for c in range(0x110000) if unicodedata.category(chr(c)) == "Cf"}
    invisible |= _NO_FORMAT
    left = {c for c in invisible if safe(chr(c)) == chr(c)}
    assert left == _JOINERS | (_SEEN & invisible)


@given(texts)
def test_safe_text_stays_as_it_is(text: str) -> None:
    once = safe(text)
    assert safe(once) == once


@given(texts, st.integers(1, 20))
def test_a_width_holds(text: str, width: int) -> None:
    cut = safe_line(text, width)
    assert len(cut) <= width
    whole = safe_line(text)
    assert cut == whole if len(whole) <= width else cut == whole[: width - 1] + "…"


@given(
    st.text(
        st.characters(
            categories=["L", "N", "P", "S", "Zs"], exclude_characters="\u115f\u1160\u3164\uffa0"
        )
    )
)
def test_visible_text_is_not_touched(text: str) -> None:
    assert safe(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("a\r\nb\rc", "a\nb␍c"),
        ("\x9b31m", "⟨9b⟩31m"),
        ("rm \u202efdp.exe", "rm ⟨202e⟩fdp.exe"),
        ("pass\u200bword", "pass⟨200b⟩word"),
        ("\u2028next", "\nnext"),
        ("[red]markup[/]", "[red]markup[/]"),
        ("\udcff", "�"),
        ("👩\u200d💻", "👩\u200d💻"),
    ],
)
def test_known_tricks(text: str, shown: str) -> None:
    assert safe(text) == shown


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("\x1b[31mFAILED\x1b[0m", "FAILED"),
        ("\x1b[1;38;2;1;2;3mx\x1b[m\x1b(B", "x"),
        ("\x9b31mx", "x"),
        ("10%\r50%\r100%\ndone\n", "100%\ndone\n"),
        ("10%\r50%\r", "50%"),
        ("\r10%\x1b[K\r\x1b[2K50%", "50%"),
        ("a\r\nb\r\r\n", "a\nb\n"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x07", "link"),
        ("N\x08NA\x08A", "NA"),
        ("wait |\x08/\x08-\x08 ok", "wait  ok"),
        ("\x1b[2J\x1b[H", "\x1b[2J\x1b[H"),
        ("\x1b[", "\x1b["),
    ],
)
def test_a_tools_output_is_shown_as_a_terminal_would_have_left_it(printed: str, shown: str) -> None:
    assert tool_output(printed) == shown


@given(texts)
def test_output_of_a_tool_is_made_of_what_it_printed(text: str) -> None:
    plain = tool_output(text)
    rest = iter(text)
    assert all(character in rest for character in plain)
    assert plain == text or {"\r", "\x1b", "\x9b", "\x08"} & set(text)
    assert [c for c in safe(plain) if _harmful(c) and c not in "\n\t"] == []
