"""The screen in a terminal that sends anything, and that is given back whatever ends the screen."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from parallel_agents.tui.terminal.letters import BEFORE
from tests.tui.answers import ANSWERS, hostile, reads
from tests.tui.on_terminal import Screen


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    with Screen(tmp_path / "log") as made:
        yield made


def test_the_late_answer_to_a_colour_query_decides_nothing(screen: Screen) -> None:
    for answer in (
        b"\x1b]11;rgb:1a1a/1a1a/2e2e\x1b\\",
        b"\x1b]11;rgb:1a1a/1a1a/2e2e\x07",
        b"\x1bP1+r6161=79\x1b\\",
        b"\x1b_Gi=1;yes\x1b\\",
    ):
        screen.send(answer)
        screen.look(0.2)
        screen.send(answer[:9])
        screen.look(0.01)
        screen.send(answer[9:])
        screen.look(0.2)
    assert screen.decided == []
    screen.send(b"y")
    screen.until(lambda: screen.decided, "a typed y decides")
    assert screen.decided == ["decided allow once"]
    assert screen.quit() == 0


def test_keys_in_a_burst_decide_nothing_and_typed_ones_do(screen: Screen) -> None:
    for burst in (b"ay", b"1a1a", b"y\r", b"yy", b"\ry"):
        screen.send(burst)
        screen.look(2 * BEFORE)
    assert screen.decided == []
    screen.send(b"n")
    screen.until(lambda: screen.decided, "a typed n decides")
    assert screen.decided[0].startswith("decided deny")


def test_a_mouse_report_of_an_old_terminal_ends_nothing(screen: Screen) -> None:
    asked = screen.printed.count(b"\x1b[?1006h")
    screen.send(b"\x1b[M \xe1\xff")
    screen.until(lambda: screen.printed.count(b"\x1b[?1006h") > asked, "asked for SGR again")
    screen.send(b"\x1b[M yy\xff\xfe\x80")
    screen.look(0.3)
    assert screen.decided == []
    assert screen.quit() == 0


def test_random_bytes_decide_nothing(screen: Screen) -> None:
    rng = random.Random(20261126)
    for number in range(300):
        made = ANSWERS[number] if number < len(ANSWERS) else hostile(rng)
        for part in reads(rng, made):
            screen.send(part)
        screen.look(0.005)
        assert screen.process.poll() is None, ascii(made)
    screen.look(1.5)
    assert screen.decided == []
    assert b"Traceback" not in screen.printed

    def typed() -> bool:
        """As a person: out of whatever was opened, and then the key."""
        for key in (b"\x1b", b"y"):
            screen.send(key)
            screen.look(0.3)
        return bool(screen.decided)

    screen.until(typed, "a typed y decides")
    assert screen.quit() == 0


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"])
def test_a_signal_leaves_the_terminal_as_it_was(screen: Screen, name: str) -> None:
    number = signal.Signals[name]
    assert screen.modes
    screen.signal(number)
    assert screen.ended() == 128 + number
    assert screen.modes == set()
    assert screen.attributes == screen.before
    assert b"Traceback" not in screen.printed


def test_a_fault_of_ours_leaves_the_terminal_as_it_was(screen: Screen) -> None:
    screen.send(b"\x1b[20;6~")
    assert screen.ended() == 1
    assert screen.modes == set()
    assert screen.attributes == screen.before
    assert b"Traceback" not in screen.printed
    assert b"Sessions keep working" in screen.printed.replace(b"\r\n", b" ")
    log = Path(f"{screen.log}-state") / "screen.log"
    assert "RuntimeError: a fault" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_terminal_that_goes_away_ends_the_screen(screen: Screen) -> None:
    screen.hang_up()
    assert screen.process.wait(20) == 128 + signal.SIGHUP


def test_a_stopped_screen_gives_the_terminal_and_takes_it_back(screen: Screen) -> None:
    child = psutil.Process(screen.process.pid)
    screen.signal(signal.SIGTSTP)
    screen.until(lambda: child.status() == psutil.STATUS_STOPPED, "stopped")
    screen.look(0.1)
    assert screen.modes == set()
    assert screen.attributes == screen.before
    screen.printed = b""
    screen.signal(signal.SIGCONT)
    screen.until(lambda: b"make all" in screen.printed, "painted again")
    assert screen.modes
    screen.look(1)
    screen.send(b"y")
    screen.until(lambda: screen.decided, "a typed y decides")
    assert screen.quit() == 0
    assert screen.attributes == screen.before


def test_a_stop_that_nobody_announced_does_no_harm(screen: Screen) -> None:
    child = psutil.Process(screen.process.pid)
    screen.signal(signal.SIGSTOP)
    screen.until(lambda: child.status() == psutil.STATUS_STOPPED, "stopped")
    screen.printed = b""
    screen.signal(signal.SIGCONT)
    screen.until(lambda: b"make all" in screen.printed, "painted again")
    assert screen.quit() == 0
    assert screen.attributes == screen.before
    assert screen.modes == set()


def test_a_new_size_is_painted_whatever_a_terminal_claimed(screen: Screen) -> None:
    screen.send(b"\x1b[?2048;2$y")
    screen.look(0.3)
    screen.printed = b""
    screen.resize(60, 20)
    screen.signal(signal.SIGWINCH)
    screen.until(lambda: b"\x1b[20;1H" in screen.printed or b"make all" in screen.printed)
    assert screen.quit() == 0
    assert screen.modes == set()


def _click(column: int, row: int) -> tuple[bytes, bytes]:
    """A left click as a terminal reports it: down, up."""
    return f"\x1b[<0;{column};{row}M".encode(), f"\x1b[<0;{column};{row}m".encode()


@pytest.fixture
def staying(tmp_path: Path) -> Iterator[Screen]:
    """A screen on which the focus stays where it was moved to."""
    with Screen(tmp_path / "log", TEST_STAY="1") as made:
        yield made


ROWS = range(1, 41)


@pytest.mark.parametrize("chunks", [1, 2, 3])
def test_the_click_that_gives_the_window_the_focus_does_nothing_else(
    staying: Screen, chunks: int
) -> None:
    """On each line: of the list, the card with its choices, and the input."""
    for row in ROWS:
        down, up = _click(60, row)
        parts = {1: [b"\x1b[I" + down + up], 2: [b"\x1b[I", down + up], 3: [b"\x1b[I", down, up]}
        for part in (b"\x1b[O", *parts[chunks]):
            staying.send(part)
            staying.look(0.01)
    staying.look(0.3)
    assert staying.decided == []
    staying.send(b"y")
    staying.until(lambda: staying.decided, "the focus is still in the card")
    assert staying.decided == ["decided allow once"]


def test_another_click_moves_the_focus_and_decides_nothing(staying: Screen) -> None:
    staying.send(b"\x1b[I")
    staying.look(0.5)
    for row in ROWS:
        staying.send(b"".join(_click(60, row)))
        staying.look(0.05)
    staying.look(0.5)
    staying.send(b"yes")
    staying.until(lambda: b"yes" in staying.printed, "written into the input")
    assert staying.decided == []
