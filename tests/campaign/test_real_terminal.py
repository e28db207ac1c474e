"""Bytes that no person typed, through a real terminal device, decide nothing."""

from tests.campaign import real_terminal


def test_hostile_strings_on_a_terminal_device_decide_nothing() -> None:
    outcome = real_terminal.campaign(20261126, 300)
    assert outcome.strings == 300
    assert not outcome.faults, outcome.notes
