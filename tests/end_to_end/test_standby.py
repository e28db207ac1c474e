"""A screen that a standby lends is like one that the command loaded itself."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from parallel_agents.client import standby
from parallel_agents.client.identity import SWITCH
from parallel_agents.wire.endpoint import private_runtime, standby_socket
from parallel_agents.wire.peer import MARKER, peer_pid
from parallel_agents.wire.standby import Link, Offer, Ready, Refused
from tests.support.raw_terminal import RawTerminal
from tests.support.terminal import Terminal
from tests.support.world import World, is_alive, wait_until

PROGRAM = (sys.executable, "-I", "-m", "parallel_agents")
ROOT = Path(__file__).parents[2]
PAINTED = b"ready"
ENDING = ("SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT")
_REPORT = """#!{python}
import json, os, sys
facts = dict(environ=dict(os.environ), cwd=os.getcwd(), umask=os.umask(0), session=os.getsid(0),
    tty=os.ttyname(0), parent=os.getppid())
with open({path!r}, "w") as file:
    json.dump(facts, file)
"""


@contextmanager
def _world() -> Iterator[World]:
    with World({SWITCH: "on"}) as world:
        world.trust()
        session = world.new("echo ready", name="ready")
        world.wait_state(session, "done")
        yield world


@pytest.fixture(scope="module")
def shared() -> Iterator[World]:
    with _world() as world:
        yield world


@pytest.fixture
def warm(shared: World) -> World:
    """A world with a standby."""
    _standby(shared)
    return shared


def _standby(world: World) -> int:
    """The process id of the standby; one is started when there is none."""
    standby.start()
    wait_until(standby_socket(world.state).exists, what="a standby listens")
    found = wait_until(_standby_pid)
    assert found
    return found


def _standby_pid() -> int:
    """The process id of the standby that answers, 0 without one."""
    link = standby.connect()
    if link is None:
        return 0
    with link:
        return peer_pid(link.socket)[0]


class Screen(RawTerminal):
    """The program on a pseudo-terminal, until it has painted."""

    def __init__(self, env: Mapping[str, str], cwd: Path | None = None) -> None:
        words = ["/bin/sh", "-c", f'cd "{cwd}" && exec "$@"', "sh", *PROGRAM] if cwd else PROGRAM
        super().__init__(words, env)
        self.shows(lambda: PAINTED in self.printed, "painted")

    @property
    def lent(self) -> int:
        """The process id of the screen that the standby lent; 0 for a screen of its own."""
        pid = _standby_pid()
        children = psutil.Process(pid).children() if pid else []
        mine = [child.pid for child in children if self._name in _terminals(child.pid)]
        return mine[0] if mine else 0

    @property
    def _name(self) -> str:
        return os.ttyname(self._inner)

    def press(self, key: bytes) -> None:
        """A key as typed: nothing came before it for a while."""
        self.look(0.3)
        self.send(key)

    def quit(self) -> int:
        """Leave the screen; returns the exit status."""
        self.press(b"\x11")
        return self.ended()

    def assert_restored(self) -> None:
        """The terminal is as it was."""
        self.until(lambda: self.modes == set(), "its modes are as before")
        self.until(lambda: self.attributes == self.before, "its settings are as before")


def _terminals(pid: int) -> set[str]:
    """What a process has as its standard streams."""
    return {str(Path(f"/proc/{pid}/fd/{number}").readlink()) for number in range(3)}


def _reporter(world: World) -> tuple[str, Callable[[], dict[str, Any]]]:
    """A program that writes down what it has, and a function that waits for that."""
    program, path = world.root / "report", world.root / "report.json"
    path.unlink(missing_ok=True)
    program.write_text(_REPORT.format(python=sys.executable, path=str(path)))
    program.chmod(0o755)

    def read() -> dict[str, Any]:
        def written() -> dict[str, Any] | None:
            try:
                return dict(json.loads(path.read_text()))
            except (OSError, ValueError):
                return None

        found = wait_until(written, what="the program has written what it has")
        assert found
        return found

    return str(program), read


# --- as a screen of its own ---------------------------------------------------------------


def test_it_is_lent_and_ends_with_the_exit_status(warm: World) -> None:
    with Screen(warm.env) as screen:
        assert screen.lent
        assert screen.quit() == 0
        screen.assert_restored()
        assert b"session" in screen.printed or b"keep working" not in screen.printed


def test_a_program_in_the_foreground_has_what_the_front_has(warm: World) -> None:
    """It runs in the session of the terminal, with the front's environment and umask."""
    program, report = _reporter(warm)
    own = {"SHELL": program, "ONLY_HERE": "here \udcff", "TZ": "Asia/Tokyo"}
    with Screen(warm.env | own) as screen:
        assert screen.lent
        front = psutil.Process(screen.process.pid)
        screen.press(b"o")
        facts = report()
        assert facts["environ"]["ONLY_HERE"] == "here \udcff"
        assert facts["environ"]["TERM"] == "xterm-256color"
        assert facts["cwd"].startswith(str(warm.repo))
        assert facts["umask"] == int(
            Path("/proc/self/status").read_text().split("Umask:")[1][:6], 8
        )
        assert facts["session"] == os.getsid(front.pid)
        assert facts["parent"] == front.pid
        assert facts["tty"] == screen._name
        screen.printed = b""
        screen.until(lambda: PAINTED in screen.printed, "painted again")
        assert screen.quit() == 0
        screen.assert_restored()


@pytest.mark.parametrize("switch", ["on", "off"])
def test_a_program_that_is_missing_is_told_on_the_screen(warm: World, switch: str) -> None:
    with Screen(warm.env | {"SHELL": "/nowhere/sh", SWITCH: switch}) as screen:
        assert bool(screen.lent) == (switch == "on")
        screen.press(b"o")
        screen.shows(lambda: b"cannot be started" in screen.printed, "why")
        assert screen.quit() == 0


def test_its_environment_and_directory_are_those_of_the_front(warm: World) -> None:
    """Nothing of the standby's environment is left, and nothing of another screen's."""
    away = warm.root / "away"
    away.mkdir(exist_ok=True)
    with Screen(warm.env | {"ONE": "1"}, away) as one, Screen(warm.env | {"TWO": "2"}) as two:
        assert one.lent != two.lent
        assert Path(f"/proc/{one.lent}/cwd").readlink() == away
        assert Path(f"/proc/{two.lent}/cwd").readlink() == Path.cwd()
        program, report = _reporter(warm)
        assert one.quit() == 0
        assert two.quit() == 0
    with Screen(warm.env | {"SHELL": program}) as third:
        third.press(b"o")
        assert {"ONE", "TWO"} & set(report()["environ"]) == set()


def test_it_follows_the_size_of_the_terminal(warm: World) -> None:
    with Screen(warm.env) as screen:
        assert screen.lent
        screen.look(0.3)
        screen.printed = b""
        screen.resize(60, 20)
        screen.signal(signal.SIGWINCH)
        screen.until(lambda: b"\x1b[20;1H" in screen.printed, "painted in the new size")


@pytest.mark.parametrize("name", ENDING)
def test_a_signal_to_the_front_ends_it(warm: World, name: str) -> None:
    number = signal.Signals[name]
    with Screen(warm.env) as screen:
        lent = screen.lent
        screen.signal(number)
        assert screen.ended() == 128 + number
        screen.assert_restored()
        wait_until(lambda: not is_alive(lent), what="the end of the screen's process")


def test_a_terminal_that_goes_away_ends_both(warm: World) -> None:
    with Screen(warm.env) as screen:
        lent = screen.lent
        screen.hang_up()
        assert screen.process.wait(20) == 128 + signal.SIGHUP
        wait_until(lambda: not is_alive(lent), what="the end of the screen's process")


def test_it_gives_the_terminal_back_while_it_is_stopped(warm: World) -> None:
    with Screen(warm.env) as screen:
        assert screen.lent
        front = psutil.Process(screen.process.pid)
        screen.signal(signal.SIGTSTP)
        screen.until(lambda: front.status() == psutil.STATUS_STOPPED, "stopped")
        screen.assert_restored()
        screen.printed = b""
        screen.signal(signal.SIGCONT)
        screen.until(lambda: PAINTED in screen.printed, "painted again")
        assert screen.modes
        screen.look(1)
        assert screen.quit() == 0
        screen.assert_restored()


@pytest.mark.tmux
def test_job_control_of_a_real_shell(warm: World) -> None:
    """Stopped, the shell has the terminal; in the background, nothing is painted."""
    program = warm.root / "program"
    program.write_text("#!/bin/sh\necho in the program\nread line\n")
    program.chmod(0o755)
    env = warm.env | {"PS1": "prompt> ", "SHELL": "/bin/sh"}
    terminal = Terminal("bash --norc --noprofile -i", env)
    try:
        terminal.wait("prompt>")
        terminal.type(f"SHELL={program} {' '.join(PROGRAM)} &\n")
        terminal.wait("[1]")
        front = wait_until(lambda: _front(warm), what="the front")
        assert front
        wait_until(lambda: front.status() == psutil.STATUS_STOPPED, what="stopped")
        terminal.type("fg\n")
        terminal.wait("reply to ready")
        os.kill(front.pid, signal.SIGTSTP)
        terminal.wait(lambda screen: screen.rstrip().endswith("prompt>"))
        terminal.type("bg\n")
        terminal.type("echo still $((40 + 2))\n")
        terminal.wait("still 42")
        wait_until(lambda: front.status() == psutil.STATUS_STOPPED, what="stopped again")
        terminal.type("fg\n")
        terminal.wait("reply to ready")
        terminal.press("o")
        terminal.wait("in the program")
        terminal.press("C-z")
        terminal.wait(lambda screen: screen.rstrip().endswith("prompt>"))
        terminal.type("fg\n")
        terminal.wait(lambda screen: screen.rstrip().endswith("-m parallel_agents"))
        terminal.type("a line\n")
        terminal.wait("reply to ready")
        terminal.press("C-q")
        terminal.wait(lambda screen: screen.rstrip().endswith("prompt>"))
        terminal.type("echo code $?\n")
        terminal.wait("code 0")
    finally:
        terminal.close()


def _front(world: World) -> psutil.Process | None:
    """The one command of this world that opens the screen."""
    left = [psutil.Process(pid) for pid in world.left() if is_alive(pid)]
    return next((process for process in left if process.cmdline()[1:] == list(PROGRAM[1:])), None)


# --- when something dies ------------------------------------------------------------------


def test_the_front_restores_the_terminal_of_a_screen_that_was_killed(warm: World) -> None:
    with Screen(warm.env) as screen:
        screen.press(b"?")  # only a screen that has painted takes keys
        screen.shows(lambda: b"allow once; send" in screen.printed, "the help")
        lent = screen.lent
        assert lent
        os.kill(lent, signal.SIGKILL)
        assert screen.ended() == 1
        screen.assert_restored()
        assert b"Sessions keep working" in screen.printed


def test_a_screen_whose_front_was_killed_ends_and_restores_the_terminal(warm: World) -> None:
    with Screen(warm.env) as screen:
        lent = screen.lent
        screen.signal(signal.SIGKILL)
        screen.until(lambda: not is_alive(lent), "the end of the screen's process")
        screen.assert_restored()


def test_a_screen_that_hangs_is_killed_in_the_end(warm: World) -> None:
    with Screen(warm.env) as screen:
        lent = screen.lent
        assert lent
        os.kill(lent, signal.SIGSTOP)
        screen.signal(signal.SIGTERM)
        assert screen.ended() == 128 + signal.SIGTERM
        screen.assert_restored()
        wait_until(lambda: not is_alive(lent), what="the end of the screen's process")


def test_a_screen_outlives_the_standby(warm: World) -> None:
    with Screen(warm.env) as screen:
        assert screen.lent
        os.kill(_standby(warm), signal.SIGKILL)
        screen.look(0.5)
        assert screen.quit() == 0
    with Screen(warm.env) as screen:  # nobody listens at the socket that was left
        assert not screen.lent
        wait_until(_standby_pid, what="another standby is started")
        assert screen.quit() == 0


# --- who gets one -------------------------------------------------------------------------


def test_without_one_the_screen_is_loaded_and_starts_one(warm: World) -> None:
    standby.end()
    wait_until(lambda: not _standby_pid())
    with Screen(warm.env) as screen:
        assert not screen.lent
        pid = wait_until(_standby_pid, what="a standby is started")
        assert len(list(Path(f"/proc/{pid}/task").iterdir())) == 1
        assert screen.quit() == 0
    with Screen(warm.env) as screen:
        assert screen.lent


def test_a_standby_of_another_identity_is_left_alone_and_ends(warm: World) -> None:
    before = _standby_pid()
    with Screen(warm.env | {"TEXTUAL_DIM_FACTOR": "50"}) as screen:
        wait_until(lambda: not is_alive(before), what="the end of the standby")
        assert not screen.lent
        assert screen.quit() == 0


def test_it_is_not_used_when_it_is_switched_off(warm: World) -> None:
    with Screen(warm.env | {SWITCH: "off"}) as screen:
        assert not screen.lent
        assert screen.quit() == 0
    assert _standby_pid()


def test_an_agent_gets_none_and_ends_none(warm: World) -> None:
    """Neither with its marker nor by asking the socket itself."""
    before = _standby_pid()
    with Screen(warm.env | {MARKER: "abc"}) as screen:
        assert not screen.lent
    ask = "from parallel_agents.client import standby; standby.end()"
    env = warm.env | {MARKER: "abc"}
    subprocess.run([sys.executable, "-I", "-c", ask], env=env, check=True)
    assert _standby_pid() == before


def test_daemon_stop_ends_it(warm: World) -> None:
    before = _standby_pid()
    warm.run("daemon", "stop", "--keep-sessions")
    wait_until(lambda: not is_alive(before), what="the end of the standby")


# --- a standby that fails -----------------------------------------------------------------


@pytest.mark.parametrize("does", ["hang up", "refuse", "garbage", "die", "say nothing"])
def test_whatever_a_standby_does_before_it_has_painted_the_screen_opens(does: str) -> None:
    with _world() as world, _Fake(world, does), Screen(world.env) as screen:
        assert screen.quit() == 0
        screen.assert_restored()


class _Fake:
    """A process at the standby's socket that answers one front in its own way."""

    def __init__(self, world: World, does: str) -> None:
        private_runtime(world.state)
        path = standby_socket(world.state)
        words = [sys.executable, "-m", "tests.end_to_end.test_standby", str(path), does]
        self._process = subprocess.Popen(words, env=world.env | {"PYTHONPATH": str(ROOT)})
        wait_until(path.exists)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()


def _answer_badly(path: str, does: str) -> None:
    """Be a standby that fails."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen()
    link = Link(listener.accept()[0])
    assert isinstance(link.receive(), Offer)
    if does == "refuse":
        link.send(Refused())
    elif does == "garbage":
        link.socket.sendall(b"{}\n")
    elif does == "die":
        child = os.fork() or os.getpid()
        if child == os.getpid():
            link.send(Ready(pid=child, restores="\x1b[?1049l"))
            link.receive()
            os.write(1, b"\x1b[?1049h")
            os._exit(1)
    if does == "say nothing":
        link.receive()
    link.close()
    signal.pause()


if __name__ == "__main__":
    _answer_badly(*sys.argv[1:])
