"""A person at a command line: fresh home, fresh state, the real supervisor, real git.

Keep true: everything started is ended: the supervisor by its own verb, whatever is left by pid.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psutil

from parallel_agents.cli.json_view import json_view
from parallel_agents.client.quick import QuickClient
from parallel_agents.core.errors import UnreachableError
from parallel_agents.core.ids import new_uuid
from parallel_agents.wire.messages import ListSessions, Show, Shutdown, Trust
from tests.support.claude import claude_env
from tests.support.template import copy_repository

DEADLINE = 60.0


@dataclass(frozen=True)
class Result:
    """What a command gave."""

    code: int
    out: str
    err: str


class Person:
    """Runs `parallel-agents` as a person would."""

    def __init__(self, tmp: Path, server_url: str = "http://127.0.0.1:9", **extra: str) -> None:
        self.tmp = tmp
        self._runtime = tempfile.TemporaryDirectory(prefix="pa-test-", dir="/tmp")
        self.home = tmp / "state"
        self.env = {
            **claude_env(tmp, server_url),
            "PARALLEL_AGENTS_HOME": str(self.home),
            "XDG_RUNTIME_DIR": self._runtime.name,
            "PARALLEL_AGENTS_DEMO_FAST": "1",
            "PARALLEL_AGENTS_STANDBY": "off",
            **extra,
        }

    def run(self, *args: str, cwd: Path | None = None, stdin: str = "") -> Result:
        """Run one command to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "parallel_agents", *args],
            cwd=cwd or self.tmp,
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Result(done.returncode, done.stdout, done.stderr)

    def ok(self, *args: str, cwd: Path | None = None) -> str:
        """Run a command that must succeed; returns what it printed."""
        result = self.run(*args, cwd=cwd)
        assert result.code == 0, f"{args}: {result}"
        return result.out.strip()

    def json(self, *args: str) -> Any:
        """Run a command that prints JSON."""
        return json.loads(self.ok(*args, "--json"))

    def show(self, session: str) -> dict[str, Any]:
        """One session's row."""
        row: dict[str, Any] = self.json("show", session)
        return row

    def row(self, session: str) -> dict[str, Any]:
        """One session's row, asked over the socket: cheap enough to ask again and again."""
        with self.client() as client:
            return dict(json_view(client.request(Show(session=session))))

    def rows(self) -> list[dict[str, Any]]:
        """All sessions' rows, asked over the socket."""
        with self.client() as client:
            return list(json_view(client.request(ListSessions()).sessions))

    def wait(self, session: str, *states: str, timeout: float = 30) -> None:
        """Wait until a session is in one of these states."""
        result = self.run("wait", session, "--until", ",".join(states), "--timeout", str(timeout))
        if result.code != 0:
            told = [self.run(verb, session).out for verb in ("explain", "logs")]
            raise AssertionError("\n".join([str(result), *told]))

    def git(self, *args: str, cwd: Path) -> str:
        """Run git as the person."""
        done = subprocess.run(
            ["git", *args], cwd=cwd, env=self.env, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def repository(self, name: str = "shop") -> Path:
        """Make a repository with one commit, and trust it."""
        path = copy_repository(self.tmp / name, "# shop\n\nhello\n")
        with self.client() as client:
            client.request(Trust(key=new_uuid(), directory=str(path)))
        return path

    def show_status(self) -> dict[str, Any]:
        """What `daemon status` says."""
        status: dict[str, Any] = json.loads(self.ok("daemon", "status", "--json"))
        return status

    @contextmanager
    def client(self) -> Iterator[QuickClient]:
        """A client in this process, in the person's environment."""
        with patch.dict(os.environ, self.env, clear=True):
            client = QuickClient()
            try:
                yield client
            finally:
                client.close()

    def supervisor_pid(self) -> int:
        """Process id of the supervisor that answers."""
        return int(self.show_status()["pid"])

    def kill_supervisor(self) -> None:
        """End the supervisor as a crash would, and see it gone."""
        pid = self.supervisor_pid()
        process = psutil.Process(pid)
        os.kill(pid, signal.SIGKILL)
        psutil.wait_procs([process], timeout=10)

    def close(self) -> None:
        """End everything that was started."""
        patience = 0.0
        with patch.dict(os.environ, self.env, clear=True), suppress(UnreachableError, OSError):
            client = QuickClient(start=False)
            try:
                client.request(Shutdown())
            finally:
                client.close()
            patience = 10.0
        ours = [
            process
            for process in psutil.process_iter(["environ"])
            if (process.info["environ"] or {}).get("PARALLEL_AGENTS_HOME") == str(self.home)
        ]
        for process in psutil.wait_procs(ours, patience)[1]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._runtime.cleanup()
