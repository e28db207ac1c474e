"""`daemon log`: each request as a line, and the log followed to where it goes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from parallel_agents.core.errors import NoSuchSessionError
from parallel_agents.supervisor.front.log_file import LIMIT
from parallel_agents.wire.messages import Send, Show, Shutdown, Status
from tests.support.world import DEADLINE, World, wait_until


@pytest.fixture
def world() -> Iterator[World]:
    with World() as made:
        yield made


def log(world: World, *words: str) -> list[str]:
    code, out, err = world.run("daemon", "log", *words)
    assert (code, err) == (0, "")
    return out.splitlines()


@contextmanager
def followed(world: World) -> Iterator[subprocess.Popen[str]]:
    """`daemon log -f` from the end on, its output in a pipe."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-m", "parallel_agents", "daemon", "log", "-f", "-n", "1"],
        env=world.env, cwd=world.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdout, process.stderr):
            assert pipe is not None
            pipe.close()


def read_until(process: subprocess.Popen[str], text: str) -> str:
    """Read lines until one has the text; the test's own deadline ends one that never comes."""
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return line
    raise AssertionError(f"it ended without {text!r}")


def test_each_request_has_its_line(world: World) -> None:
    world.trust()
    session = world.new("echo the-words")
    world.wait_state(session, "done")
    world.ask(Send(key="the-key", session=session, text="echo more-words"))
    with pytest.raises(NoSuchSessionError):
        world.ask(Show(session="nobody\x1b[31m"))
    lines = log(world, "-n", "1000")
    pid = f"pid={os.getpid()}"
    for begins, ends in (
        ("INFO request trust ", f" ms ok {pid}"),
        ("INFO request new ", f" ms ok {pid}"),
        ("INFO request send ", f" ms ok {pid} session={session}"),
        ("INFO request show ", f" ms failed (no_such_session) {pid} session=nobody␛[31m"),
    ):
        assert any(begins in line and line.endswith(ends) for line in lines), (begins, lines)
    text = (world.state / "supervisor.log").read_text()
    for secret in ("the-words", "more-words", "the-key", str(world.root / "home")):
        assert secret not in text


def test_a_client_that_leaves_is_written_as_well(world: World) -> None:
    world.trust()
    session = world.new("permission")
    world.wait_state(session, "blocked")
    words = ("wait", session, "--until", "failed")
    process = subprocess.Popen(
        [sys.executable, "-I", "-m", "parallel_agents", *words], env=world.env, cwd=world.repo
    )
    ours = f"pid={process.pid}"
    try:
        wait_until(lambda: any(ours in line for line in log(world)), what="its greeting")
    finally:
        process.kill()
        process.wait()
    wait_until(
        lambda: any("request wait " in x and f"cancelled {ours}" in x for x in log(world)),
        what="the line of the wait",
    )


def test_the_last_lines(world: World) -> None:
    for _ in range(3):
        world.ask(Status())
    assert len(log(world, "-n", "2")) == 2
    assert log(world, "-n", "0") == []
    assert world.run("daemon", "log", "-n", "-1")[0] == 2


def test_without_a_log(world: World) -> None:
    code, out, err = world.run("daemon", "log")
    assert (code, out) == (1, "")
    assert str(world.state / "supervisor.log") in err
    assert not world.state.exists()  # looking starts no supervisor


def test_it_is_followed_through_a_restart_and_a_full_file(world: World) -> None:
    world.ask(Status())
    with followed(world) as process:
        read_until(process, "request status")
        world.ask(Shutdown())
        read_until(process, "request shutdown")
        wait_until(lambda: world.supervisor_pid() is None)
        world.trust()
        read_until(process, "request trust")
        path = world.state / "supervisor.log"
        with path.open("a") as file:  # as many days would
            file.write(("x" * 65_535 + "\n") * (LIMIT // 65_536))
        world.ask(Status())
        read_until(process, "request status")
        assert path.stat().st_size < LIMIT
        assert path.with_name("supervisor.log.1").stat().st_size >= LIMIT


def test_ctrl_c_ends_it_without_a_word(world: World) -> None:
    world.ask(Status())
    with followed(world) as process:
        read_until(process, "request")
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE) == 130
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_a_pipe_that_is_closed_ends_it_though_nothing_is_written(world: World) -> None:
    world.ask(Status())
    with followed(world) as process:
        read_until(process, "request")
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(DEADLINE) == 1
        assert process.stderr is not None
        assert process.stderr.read() == ""
