"""Which trees the last turn is compared by, and what is said when one is missing."""

from __future__ import annotations

import pytest

from parallel_agents.core import events as ev
from parallel_agents.core.errors import UserError
from parallel_agents.core.state import SessionState
from parallel_agents.core.worktree import DiffPart
from parallel_agents.supervisor.sessions.last_turn import turn_parts
from tests.support.facts import LIVING, fold

START, HEAD = "5" * 40, "b" * 40
ENDED = ev.TurnEnded(outcome="ok")


def tree(turn: int, **hashes: str) -> ev.TreeRecorded:
    """The trees after a turn: of the worktree, and of submodules by name."""
    parts = tuple(
        DiffPart(base=HEAD, tree=digit * 40, prefix="" if name == "top" else f"{name}/")
        for name, digit in hashes.items()
    )
    return ev.TreeRecorded(turn=turn, parts=parts)


def after(*events: ev.Event) -> SessionState:
    return fold(*LIVING, *events)


def test_the_first_turn_began_with_the_commit() -> None:
    state = after(ENDED, tree(1, top="1"))
    assert turn_parts(state, START) == (DiffPart(base=START, tree="1" * 40),)


def test_a_later_turn_began_where_the_one_before_ended() -> None:
    state = after(ENDED, tree(1, top="1"), ENDED, tree(2, top="2", lib="3"))
    state = fold(ENDED, tree(3, top="4", lib="5", other="6"), state=state)
    assert len(state.place.trees) == 2
    assert turn_parts(state, START) == (
        DiffPart(base="2" * 40, tree="4" * 40),
        DiffPart(base="3" * 40, tree="5" * 40, prefix="lib/"),
        DiffPart(base=HEAD, tree="6" * 40, prefix="other/"),
    )


@pytest.mark.parametrize(
    ("events", "start", "said"),
    [
        ((), START, "No turn of this session has ended"),
        ((ENDED,), START, "its end was not recorded"),
        ((ENDED, ENDED, tree(2, top="2")), START, "the end of the turn before was not recorded"),
        ((ENDED, tree(1, top="1"), ENDED), START, "its end was not recorded"),
        ((ENDED, tree(1, top="1")), None, "the end of the turn before was not recorded"),
    ],
)
def test_what_is_missing_is_said(
    events: tuple[ev.Event, ...], start: str | None, said: str
) -> None:
    with pytest.raises(UserError, match=said) as caught:
        turn_parts(after(*events), start)
    assert "parallel-agents" in caught.value.hint
