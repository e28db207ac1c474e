"""Starts a supervisor if none answers.

Keep true: it starts in isolated mode from `/`, so that no file of the current directory can become
part of it; an agent never starts one; two clients that start one at the same time get the same one.
"""

import json
import os
import socket
import struct
import sys
import time
from pathlib import Path

from parallel_agents.core.errors import RefusedError, UnreachableError
from parallel_agents.wire.endpoint import private, private_runtime, state_dir, supervisor_socket
from parallel_agents.wire.first_word import first_word
from parallel_agents.wire.messages import GREETING
from parallel_agents.wire.peer import MARKER, asked_by_agent

START_DEADLINE = 20.0
"""Seconds that a supervisor may take from its start to its first answer."""


def connect(*, start: bool) -> socket.socket:
    """Connect to the supervisor.

    Args:
        start: start a supervisor if none answers.

    Returns:
        A connected socket.

    Raises:
        UnreachableError: no supervisor answers, or it could not be started.
        RefusedError: none is running, and an agent's process may not start one.
        StorageError: the state directory cannot be used.
    """
    path = supervisor_socket(state_dir())
    deadline = time.monotonic() + START_DEADLINE
    started = False
    while True:
        sock = _try(path)
        if sock is not None:
            return sock
        if not start:
            raise UnreachableError(
                "No supervisor is running.", "Any other command starts one, for example `ls`."
            )
        if not started:
            _start(path)
            started = True
        elif time.monotonic() > deadline:
            raise UnreachableError(
                "The supervisor was started but does not answer.",
                f"Look at {state_dir() / 'supervisor.log'}, or run `parallel-agents doctor`.",
            )
        else:
            time.sleep(0.01)


def _try(path: Path) -> socket.socket | None:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # If a supervisor hangs and its queue is full, `connect` would wait for ever without this.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _seconds(GREETING))
        sock.connect(os.fspath(path))
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _seconds(0))
    except BlockingIOError:
        sock.close()
        raise UnreachableError(
            "The supervisor does not answer, and other clients are waiting for it too.",
            f"If this continues, end the process that listens at {path}. Sessions keep working; "
            "the next command starts another supervisor, which takes them up.",
        ) from None
    except OSError:
        sock.close()
        return None
    return sock


def _seconds(count: float) -> bytes:
    """Pack seconds as a `struct timeval`."""
    return struct.pack("ll", int(count), 0)


def _start(path: Path) -> None:
    """Start a supervisor and wait for the first line that it prints.

    Raises:
        RefusedError: this process belongs to an agent.
        UnreachableError: the supervisor did not start.
    """
    if asked_by_agent():
        raise RefusedError(
            "No supervisor is running, and a command run by an agent does not start one.",
            "Run the command in your own terminal.",
        )
    state = private(state_dir())
    private_runtime(state)
    said = _first_word(state)
    if said.get("error"):
        raise UnreachableError(str(said["error"]), str(said.get("hint", "")))


def _first_word(state: Path) -> dict[str, object]:
    # Imported here because few commands start a supervisor.
    import subprocess

    environment = {k: v for k, v in os.environ.items() if k != MARKER}
    environment["PARALLEL_AGENTS_HOME"] = os.fspath(state)
    with (state / "supervisor.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-I", "-m", "parallel_agents.supervisor"],
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    assert process.stdout is not None  # noqa: S101 - asked for above
    with process.stdout as pipe:
        try:
            line = first_word(pipe.fileno(), START_DEADLINE)
        except TimeoutError:
            line = b""
    # The supervisor outlives this process by design; with a return code set, Popen does not warn.
    process.returncode = process.returncode or 0
    try:
        said = json.loads(line)
    except ValueError:
        return {"error": "The supervisor did not start.", "hint": f"See {state}/supervisor.log."}
    return said if isinstance(said, dict) else {}


def run_in_foreground() -> int:
    """Run a supervisor in this terminal until it ends; return its exit code.

    Raises:
        RefusedError: this process belongs to an agent.
    """
    if asked_by_agent():
        raise RefusedError("A command run by an agent does not start a supervisor.")
    import subprocess

    command = [sys.executable, "-I", "-m", "parallel_agents.supervisor"]
    return subprocess.run(command, cwd="/", check=False).returncode
