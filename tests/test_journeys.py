"""The runner of the journeys counts keys, notices what was lost, and prints no figure for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.bench import journeys
from tests.bench.journeys import Journey, Kill, NotShownError, Press, Step, Taken, Write


class Pretended:
    """A window whose screen is a function of what was pressed and typed.

    Args:
        shows: what is on the screen after these keys and texts.
    """

    def __init__(self, shows: Callable[[list[str]], str]) -> None:
        self.got: list[str] = []
        self._shows = shows

    @property
    def screen(self) -> str:
        return self._shows(self.got)

    def press(self, *keys: str) -> None:
        self.got += keys

    def type(self, text: str) -> None:
        self.got.append(text)


def nothing() -> None:
    """Kill nothing."""


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to wait for a pretended screen."""
    for name in ("POLL", "DEADLINE", "PAUSE", "LOST"):
        monkeypatch.setattr(journeys, name, 0.001)


def test_each_press_is_one_key_and_a_text_is_none() -> None:
    window = Pretended(lambda got: " ".join(["screen", *got]))
    steps: list[Step] = [Press("c", "c$"), Write("a task"), Press("Enter", "Enter")]
    made = journeys.walk(window, steps, nothing)
    assert (made.keys, made.again) == (2, 0)
    assert made.seconds >= 0
    assert window.got == ["c", "a task", "Enter"]


@pytest.mark.parametrize("says", ["just appeared: press again", "still the same"])
def test_a_key_that_came_too_early_is_pressed_again(
    says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journeys, "DEADLINE", 20)
    window = Pretended(lambda got: "done" if len(got) == 3 else says)
    made = journeys.walk(window, [Press("y", "done")], nothing)
    assert (made.keys, made.again) == (1, 2)


def test_a_key_at_work_is_not_pressed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journeys, "DEADLINE", 20)
    looks = iter(range(1000))

    def shows(got: list[str]) -> str:
        return "before" if not got else "done" if (n := next(looks)) > 50 else f"working {n}"

    window = Pretended(shows)
    assert journeys.walk(window, [Press("y", "done")], nothing).again == 0
    assert window.got == ["y"]


def test_what_goes_away_is_an_outcome_too() -> None:
    window = Pretended(lambda got: "" if got else "a row")
    assert journeys.walk(window, [Press("C-x", "a row", gone=True)], nothing).keys == 1


def test_the_process_is_killed_once_and_watched() -> None:
    kills: list[str] = []
    window = Pretended(lambda _: "not connected" if len(kills) == 1 else "")
    journeys.walk(window, [Kill("not connected")], lambda: kills.append("x"))
    assert kills == ["x"]


def test_a_step_that_leads_nowhere_ends_the_journey() -> None:
    window = Pretended(lambda _: "the same")
    with pytest.raises(NotShownError, match=r"y, pressed \d times, did not show: done"):
        journeys.walk(window, [Press("y", "done")], nothing)


def test_medians_and_ratio() -> None:
    here = journeys.median_of([Taken(1, 0, 0.2), Taken(1, 2, 0.4), Taken(1, 2, 0.9)])
    there = journeys.median_of([Taken(2, 0, 0.8)])
    assert journeys.row_of("allow", here, there) == {
        "journey": "allow",
        "our keys": "1 + 2 again",
        "our seconds": 0.4,
        "their keys": 2,
        "their seconds": 0.8,
        "ratio": 0.5,
    }


def test_a_journey_that_did_not_end_has_no_figure() -> None:
    lost = journeys.median_of([Taken(1, 0, 0.2), NotShownError("never shown: done\nthe screen")])
    line = journeys.row_of("allow", lost, Taken(2, 0, 0.8))
    assert line["our keys"] == "-"
    assert line["our seconds"] == "not completed (1 of 2; never shown: done)"
    assert line["ratio"] == ""


@pytest.mark.parametrize("journey", journeys.JOURNEYS, ids=lambda journey: journey.name)
def test_every_journey_can_be_read(journey: Journey) -> None:
    for way in (journey.ours, journey.theirs):
        assert way.ready
        assert any(isinstance(step, Press) for step in way.steps)
        assert not journeys._shows(Pretended(lambda _: ""), way.ready, 0)


def test_there_are_ten() -> None:
    assert len({journey.name for journey in journeys.JOURNEYS}) == 10
