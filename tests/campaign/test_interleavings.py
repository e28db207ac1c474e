"""The interleavings are sound, and what is wrong with them would be noticed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from parallel_agents.core.state import SessionState
from parallel_agents.tui.model import request_card
from parallel_agents.tui.model.request_card import Card, Verdict, Wanted
from parallel_agents.tui.terminal import letters
from tests.campaign import interleavings
from tests.campaign.terminal import Stage

SOME = 600


def test_random_interleavings_decide_nothing_wrong() -> None:
    outcome = interleavings.campaign(20261127, SOME, jobs=1)
    assert outcome.faults == {}, outcome.notes[:5]
    assert outcome.counts["interleavings"] == SOME
    assert outcome.counts["decisions"] > SOME / 5


def test_the_same_seed_plays_the_same() -> None:
    assert interleavings.play(7).counts == interleavings.play(7).counts


def test_two_processes_count_as_one() -> None:
    one, two = (interleavings.campaign(5, 40, jobs=jobs) for jobs in (1, 2))
    assert one.figures() == two.figures()


class Deaf(Card):
    """Says nothing about a key that does nothing."""

    def press(self, key: str, age: float = 0.0) -> Verdict | Wanted | None:
        outcome = super().press(key, age)
        self.refusal = ""
        return outcome


class Late(Card):
    """Takes a key for pressed when it is handled."""

    def press(self, key: str, age: float = 0.0) -> Verdict | Wanted | None:
        return super().press(key, 0.0)


class Hidden(Card):
    """Takes what is known for what is on the screen."""

    def show(self, state: SessionState | None) -> bool:
        changed = super().show(state)
        self.painted(self.identity)
        return changed


class Forgetful(Card):
    """Forgets what was sent when another session is shown."""

    def show(self, state: SessionState | None) -> bool:
        if state is not None and state.id != self.session:
            self._sent.clear()
        return super().show(state)


def faults(make_card: Callable[[Callable[[], float]], Card]) -> set[str]:
    found: set[str] = set()
    for seed in range(3_000):
        found |= interleavings.play(seed, make_card).faults.keys()
    return found


@pytest.mark.parametrize(
    ("make_card", "noticed"),
    [
        (Deaf, "dropped in silence"),
        (Late, "shown for too short a time"),
        (Hidden, "another request than the one shown"),
        (Forgetful, "decided twice"),
    ],
)
def test_a_card_that_is_wrong_is_noticed(make_card: type[Card], noticed: str) -> None:
    assert noticed in faults(make_card)


@pytest.mark.parametrize(
    ("module", "name", "noticed"),
    [
        (request_card, "SETTLE", "shown for too short a time"),
        (request_card, "BROUGHT", "shown for too short a time"),
        (letters, "AFTER", "not pressed by itself"),
        (letters, "BEFORE", "not pressed by itself"),
        (letters, "HELD", "not pressed by itself"),
    ],
)
def test_a_limit_that_is_too_small_is_noticed(
    module: object, name: str, noticed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, getattr(module, name) / 2)
    assert noticed in faults(Card)


def test_the_second_of_two_equal_letters_belongs_to_the_text_of_the_first() -> None:
    hands = Stage()
    for key in b"connect":
        hands.read(bytes([key]))
        hands.pass_(0.15)
    hands.pass_(1)
    assert "n" not in hands.pressed


def test_a_key_that_waits_behind_another_one_is_not_forgotten() -> None:
    hands = Stage()
    for _ in range(3):
        hands.read(b"N")
        hands.pass_(0.11)
    hands.pass_(0.5)
    assert hands.pressed == ["N"] * 3
