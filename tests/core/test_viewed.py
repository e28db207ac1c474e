"""What a person has seen of a session's work: the last look, and marks of files."""

from __future__ import annotations

from hypothesis import given, strategies as st

from parallel_agents.core import events as ev
from parallel_agents.core.place import VIEWED
from parallel_agents.core.worktree import DiffPart
from tests.support.facts import CREATED, fold

MARKS = st.builds(
    ev.FileViewed,
    path=st.sampled_from("ab"),
    blob=st.sampled_from(["1" * 40, "2" * 40]),
    gone=st.booleans(),
    viewed=st.booleans(),
)


@given(st.lists(MARKS))
def test_a_mark_is_there_until_it_is_taken_back(marks: list[ev.FileViewed]) -> None:
    """Each content of each file has its own mark, the last word counts, and none is there twice."""
    last = {(mark.path, mark.blob, mark.gone): mark.viewed for mark in marks}
    kept = fold(CREATED, *marks).place.viewed
    names = [(mark.path, mark.blob, mark.gone) for mark in kept]
    assert sorted(names) == sorted(name for name, viewed in last.items() if viewed)
    assert all(mark.viewed for mark in kept)


def test_marks_are_bounded_and_the_oldest_goes() -> None:
    marks = [ev.FileViewed(path=f"{n}", blob="1" * 40) for n in range(VIEWED + 3)]
    kept = fold(CREATED, *marks).place.viewed
    assert [mark.path for mark in kept] == [f"{n}" for n in range(3, VIEWED + 3)]


def test_what_was_looked_at_is_known_with_its_time() -> None:
    first, last = (
        ev.ChangesSeen(parts=(DiffPart(base="0" * 40, tree=digit * 40),)) for digit in "12"
    )
    state = fold(CREATED, first, last)
    assert state.place.seen == last
    assert state.because["looked"].at == 30
