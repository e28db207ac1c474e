"""Folded pastes: what is shown always stands for exactly the text."""

from hypothesis import given, strategies as st

from parallel_agents.core.text import safe
from parallel_agents.tui.model.pastes import KNOWN, KNOWN_CHARACTERS, Pastes

names = st.sampled_from(["[pasted 12 lines]", "[pasted 12 lines #2]", "[pasted 801 characters]"])
texts = st.one_of(
    st.text(max_size=20),
    names,
    names.map(lambda name: f"a\nb\n{name}\n"),
    names.map(lambda name: f"{name}\n" * 12),
    st.sampled_from(["line\n" * 12, "y" * 801, "x" + "line\n" * 12, "\x1b[31m", "", "\n" * 12]),
)


def plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@given(st.lists(texts, max_size=6))
def test_what_is_sent_is_what_was_pasted(pasted: list[str]) -> None:
    pastes = Pastes()
    shown = ""
    for text in pasted:
        shown += f"|{pastes.fold(text, shown)}"
    assert safe(shown) == shown
    assert pastes.expand(shown) == "".join(f"|{plain(text)}" for text in pasted)


@given(st.lists(texts, max_size=4), st.lists(texts, max_size=4))
def test_any_text_comes_back_folded_and_is_the_same(known: list[str], parts: list[str]) -> None:
    pastes = Pastes()
    for text in known:
        pastes.fold(text)
    whole = plain("-".join(parts))
    shown = pastes.show(whole)
    assert safe(shown) == shown
    assert pastes.expand(shown) == whole
    for start, end, paste in pastes.names_in(shown):
        assert pastes.expand(shown[start:end]) == paste


@given(st.lists(st.integers(0, KNOWN_CHARACTERS + 1), max_size=40))
def test_few_pastes_are_known(sizes: list[int]) -> None:
    known = Pastes("z" * size for size in sizes).known
    assert len(known) <= KNOWN
    assert sum(map(len, known)) <= KNOWN_CHARACTERS


def test_names_tell_the_size() -> None:
    pastes = Pastes()
    assert pastes.fold("a\n" * 10) == "a\n" * 10
    assert pastes.fold("a\n" * 143) == "[pasted 143 lines]"
    assert pastes.fold("b\n" * 143) == "[pasted 143 lines #2]"
    assert pastes.fold("c" * 801) == "[pasted 801 characters]"
    assert pastes.fold("\x1b") == "[pasted 1 character]"
