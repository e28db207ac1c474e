"""The words that changed within a line."""

from hypothesis import given, strategies as st

from parallel_agents.core.diff import parse_hunks
from parallel_agents.tui.text.patch_lines import hunk_lines
from parallel_agents.tui.text.styles import ink
from parallel_agents.tui.text.word_changes import Stretches, compared

LINE = st.lists(st.sampled_from(["a", "bc", " ", "  ", "(", ")", "_x", "é", "日本"]), max_size=12)


def without(text: str, stretches: Stretches) -> str:
    for start, end in reversed(stretches):
        text = text[:start] + text[end:]
    return text


@given(old=LINE.map("".join), new=LINE.map("".join))
def test_what_is_left_is_the_same(old: str, new: str) -> None:
    before, after = compared(old, new)
    if before or after:
        assert without(old, before) == without(new, after)
    for text, stretches in ((old, before), (new, after)):
        ends = [place for stretch in stretches for place in stretch]
        assert ends == sorted(set(ends))
        assert all(0 <= place <= len(text) for place in ends)


def test_only_the_words_that_changed() -> None:
    before, after = compared("    return price_of(name) * count", "    return cost(name) * count")
    assert [(s.start, s.end) for s in before] == [(11, 19)]
    assert [(s.start, s.end) for s in after] == [(11, 15)]


def test_lines_with_little_in_common_are_not_compared() -> None:
    assert compared("import os", "def main() -> None:") == ((), ())
    assert compared("x " * 400, "x " * 399 + "y ") == ((), ())


def test_they_are_underlined_and_nothing_else_is() -> None:
    hunk = parse_hunks("@@ -1,3 +1,3 @@\n a b\n-\treturn a(b)\n+\treturn c(b)\n d\n", "f.py")[0]
    for width in (80, 12):
        marked = [
            segment.text
            for line in hunk_lines(hunk, "f.py", width, ink(dark=True))
            for segment in line.strip
            if segment.style is not None and segment.style.underline
        ]
        assert "".join(marked) == "ac"
