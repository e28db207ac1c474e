"""Starts real shims and speaks their protocol.

Keep true: every wait has a deadline and a condition; nothing started here outlives its test.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import parallel_agents.shim as shim_module

SHIM = Path(shim_module.__file__)
DEADLINE_S = 20.0
Frame = dict[str, Any]

ECHO = "import sys\nfor line in sys.stdin: print('got', line, end='', flush=True)"


def until(condition: Callable[[], Any], what: str = "the condition") -> Any:
    """Wait for a true value and return it."""
    limit = time.monotonic() + DEADLINE_S
    while not (value := condition()):
        assert time.monotonic() < limit, f"waited in vain for {what}"
        select.select([], [], [], 0.005)
    return value


def python(code: str) -> list[str]:
    """The argument list of a small agent written in Python."""
    return [sys.executable, "-I", "-S", "-c", code]


class Client:
    """One connection to a shim."""

    def __init__(self, path: Path) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(DEADLINE_S)
        try:
            self.sock.connect(str(path))
        except OSError:
            self.sock.close()
            raise
        self.hello: Frame = {}
        self._got = b""

    def frame(self) -> Frame | None:
        """The next frame, or None at the end."""
        while b"\n" not in self._got:
            try:
                data = self.sock.recv(1 << 16)
            except ConnectionResetError:
                data = b""
            if not data:
                return None
            self._got += data
        line, self._got = self._got.split(b"\n", 1)
        return dict(json.loads(line))

    def next(self, *kinds: str) -> Frame:
        """The next frame of one of these types, others skipped."""
        while True:
            frame = self.frame()
            assert frame is not None, f"the shim hung up before {kinds}"
            if frame["t"] in kinds:
                return frame

    def send(self, **frame: Any) -> None:
        """Send one frame."""
        self.sock.sendall(json.dumps(frame).encode() + b"\n")

    def line(self, name: str, data: str) -> Frame:
        """Send a line and return its answer."""
        self.send(t="line", id=name, data=data)
        return self.next("delivered", "refused")


class Run:
    """One run directory, and the shim that is started in it."""

    def __init__(self, base: Path, name: str = "1") -> None:
        self.dir = base / name
        self.dir.mkdir(mode=0o700)
        self.program = SHIM
        self.owner = base / "owner"
        self.socket = base / f"{name}.sock"
        self.process: subprocess.Popen[bytes] | None = None
        self._clients: list[Client] = []

    def start(self, argv: list[str], **spec: Any) -> Frame:
        """Start the shim; return its readiness line."""
        self.specify(argv, **spec)
        return self.start_raw()

    def specify(self, argv: list[str], **spec: Any) -> None:
        """Write what to start."""
        full = {"version": 1, "argv": argv, "cwd": "/", "session": "s", "env": {"PATH": "/bin"}}
        (self.dir / "spec.json").write_text(json.dumps(full | spec))

    def start_raw(self, prefix: Sequence[str] = (), pass_fds: Sequence[int] = ()) -> Frame:
        """Start the shim on the spec that is there, through another command if one is given."""
        self.process = subprocess.Popen(
            [
                *prefix,
                sys.executable,
                "-I",
                "-S",
                *map(str, (self.program, self.dir, self.socket, self.owner)),
            ],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
            pass_fds=pass_fds,
        )
        assert self.process.stdout
        with self.process.stdout as told:
            return dict(json.loads(told.readline()))

    def client(self) -> Client:
        """Connect and read the greeting."""
        client = Client(self.socket)
        self._clients.append(client)
        client.hello = client.frame() or {}
        assert client.hello.get("t") == "hello", client.hello
        return client

    def ended(self) -> Frame:
        """Wait until the shim is gone; return what it recorded."""
        assert self.process
        self.process.wait(DEADLINE_S)
        return dict(json.loads((self.dir / "exit").read_text()))

    def lines(self) -> list[str]:
        """The whole lines of the log without their stamps."""
        whole, _, _ = (self.dir / "out.log").read_bytes().rpartition(b"\n")
        return [line.split(" ", 1)[1] for line in whole.decode().splitlines()]

    def finish(self) -> None:
        """End whatever still runs."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            with contextlib.suppress(OSError, AssertionError):
                client = self.client()
                client.send(t="kill")
                self.process.wait(DEADLINE_S)
            self.process.kill()
            self.process.wait(DEADLINE_S)
        for client in self._clients:
            client.sock.close()


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] not in "ZX"
    except OSError:
        return False


def descriptors(pid: int) -> set[int]:
    """The open descriptors of a process."""
    return {int(name) for name in os.listdir(f"/proc/{pid}/fd")}  # noqa: PTH208
