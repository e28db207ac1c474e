"""Bytes that no person typed, through a real terminal device, decide nothing."""

import random

import pytest

from tests.campaign import real_terminal


def test_hostile_strings_on_a_terminal_device_decide_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    outcome = real_terminal.campaign(20261126, 300)
    assert outcome.strings == 300
    assert not outcome.faults, outcome.notes
    assert outcome.checks + outcome.quits >= 1
    assert "'strings': 300" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("string", "figure"),
    [(b"y", "decisions"), (b"\x11", "quits"), (b"\x1b[20;6~", "tracebacks")],
    ids=["decides", "quits", "raises"],
)
def test_the_harness_tells_what_strings_did_apart(string: bytes, figure: str) -> None:
    def made(rng: random.Random) -> list[bytes]:
        return [string]

    outcome = real_terminal.campaign(1, 1, made)
    told = {name: getattr(outcome, name) for name in ("decisions", "quits", "tracebacks", "deaf")}
    assert told == {"decisions": 0, "quits": 0, "tracebacks": 0, "deaf": 0} | {figure: 1}
    assert outcome.checks == (figure == "decisions")
