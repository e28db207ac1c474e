"""What is not what it seems: found wherever it stands, and nothing else."""

import unicodedata

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core.doubt import doubts_of, pieces
from parallel_agents.core.text import safe

HIDDEN, TURNED, ALIKE = "hidden characters", "right-to-left text", "look-alike letters"
FAR, PUSHED, LONG = "text after many blanks", "text after many empty lines", "a very long line"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("rm -rf build\u200b/", [HIDDEN]),
        ("ls\u200d -l", [HIDDEN]),
        ("r\u00adm x", [HIDDEN]),
        ("rm -rf\u00a0/", [HIDDEN]),
        ("echo\u2800hi", [HIDDEN]),
        ("echo\u3164hi", [HIDDEN]),
        ("echo \x1b[8mhi", [HIDDEN]),
        ("printf a\rb", [HIDDEN]),
        ("echo \U000e0041", [HIDDEN]),
        ("cp \u202egpj.exe x", [TURNED]),
        ("cp \u2066a\u2069 x", [TURNED]),
        ("rm שלום", [TURNED]),
        ("rm ملف", [TURNED]),
        ("curl https://раураl.com", [ALIKE]),
        ("curl https://аррӏе.com", [ALIKE]),
        ("ΡΑΤΗ=x", [ALIKE]),
        ("ｒｍ -rf x", [ALIKE]),
        ("𝚛𝚖 -rf x", [ALIKE]),
        ("git –force", [ALIKE]),
        ("rm −rf x", [ALIKE]),
        ("cat etc∕passwd", [ALIKE]),
        ("ls；rm x", [ALIKE]),
        ("ls" + " " * 60 + "; rm -rf ~", [FAR]),
        ("ls\t\t\t" + "\t" * 30 + "; rm -rf ~", [FAR]),
        ("ls" + "\n" * 40 + "rm -rf ~", [PUSHED]),
        ("ls\n" + "  \n" * 40 + "rm -rf ~", [PUSHED]),
        ("echo " + "a" * 3000, [LONG]),
        ("a\u200b" + "\u202e", [HIDDEN, TURNED]),
    ],
    ids=ascii,
)
def test_what_is_not_what_it_seems_is_said(text: str, expected: list[str]) -> None:
    assert list(doubts_of({"command": text})) == expected
    assert list(doubts_of({"a": [{"b": text}]})) == expected
    assert list(doubts_of({text: 1})) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rm -rf build && npm test -- --run",
        "def f():\n\tif x:\n\t\treturn 1\n\n\n\nclass A:\n    pass\n",
        "echo 'Grüße, señor — naïve café' # 100 €",
        "git commit -m 'a – b — c … “quoted” ‘too’'",
        "echo 日本語 カタカナ 中文 한국어",
        "echo 'Привет, мир: оса, уха и сор'",
        "echo 'Καλημέρα κόσμε'",
        "echo 👩‍💻 ✔️ 🇩🇪",
        "printf 'a  b    c'\r\n",
        "x" + " " * 20 + "# comment",
        "echo µs Ω",
        "a\n\n\n\nb",
        "ends with blanks" + " " * 100,
        "ends with lines" + "\n" * 100,
    ],
    ids=ascii,
)
def test_ordinary_text_raises_no_doubt(text: str) -> None:
    assert doubts_of({"command": text}) == ()


def test_what_cannot_be_seen_is_shown_as_a_symbol() -> None:
    shown = "".join(p.text for p in pieces("a\u200bb\u00a0c" + " " * 60 + "d" + "\n" * 20 + "e"))
    assert shown == "a⟨200b⟩b⟨00a0⟩c ⟨60 blanks⟩ d\n⟨19 empty lines⟩\ne"


@given(st.text(st.sampled_from("ab \t\n\u200b\u202e\u00a0рaр/∕–-\r\x1b שＡ👩‍💻"), max_size=60))
def test_every_piece_is_safe_and_nothing_visible_is_lost(text: str) -> None:
    found = list(pieces(text))
    shown = "".join(piece.text for piece in found)
    assert safe(shown) == shown
    visible = [c for c in text if unicodedata.category(c)[0] in "LPS" and safe(c) == c]
    rest = iter(shown)
    assert all(char in rest for char in visible)


def test_time_does_not_grow_with_the_square_of_a_text() -> None:
    """Work, not time: every character is looked at by patterns without nested repeats."""
    for text in (" " * 200_000, "\n" * 200_000, "\t\n" * 100_000, "а" * 200_000, "é " * 100_000):
        assert sum(len(piece.text) for piece in pieces(text)) > 0
