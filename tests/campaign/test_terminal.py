"""Bytes that no person typed decide nothing, and typed keys work after each of them."""

from tests.campaign import terminal


def test_hostile_strings_decide_nothing() -> None:
    outcome = terminal.campaign(20261126, 2_000)
    assert outcome.strings == 2_000
    assert not outcome.faults, outcome.notes[:5]


def test_keys_pressed_one_by_one_all_count() -> None:
    hands = terminal.Stage()
    for key in b"ynAaN1fe":
        hands.read(bytes([key]))
        hands.pass_(0.26)
    assert hands.pressed == list("ynAaN1fe")


def test_the_same_key_counts_as_quickly_as_a_person_presses_it() -> None:
    hands = terminal.Stage()
    for _ in range(3):
        hands.read(b"y")
        hands.pass_(0.15)
    assert hands.pressed == ["y"] * 3


def test_a_key_held_down_counts_once() -> None:
    hands = terminal.Stage()
    hands.read(b"y")
    hands.pass_(0.5)
    for _ in range(40):
        hands.read(b"y")
        hands.pass_(0.033)
    hands.pass_(1)
    assert hands.pressed == ["y"]


def test_a_key_beside_anything_else_does_not_count() -> None:
    for before, behind in (
        (b"a", b""),
        (b"", b"a"),
        (b"\x1b[I", b""),
        (b"", b"\x1b[<35;6;2M"),
        (b"", b"\x1b"),
    ):
        for apart in (0.0, 0.01, 0.025):
            hands = terminal.Stage()
            hands.read(before)
            hands.pass_(apart)
            hands.read(b"y")
            hands.pass_(apart)
            hands.read(behind)
            hands.pass_(1)
            assert "y" not in hands.pressed, (before, behind, apart)


def test_scrolling_counts_while_a_key_is_held_down() -> None:
    hands = terminal.Stage()
    for _ in range(20):
        hands.read(b"\x1b[B")
        hands.pass_(0.02)
    assert hands.pressed == ["down"] * 20
