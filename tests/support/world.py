"""A whole installation in a directory of its own: state, repository, supervisor, command line.

Keep true: nothing of the user's is read or written; every process that was started here is gone
after `close`, ended by its own id; no wait is longer than its deadline.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from parallel_agents.cli.json_view import json_view
from parallel_agents.client import standby
from parallel_agents.client.quick import QuickClient
from parallel_agents.core.errors import UnreachableError, UserError
from parallel_agents.core.ids import new_uuid
from parallel_agents.core.options import Options
from parallel_agents.supervisor.base.config import REPOSITORY_SETTINGS
from parallel_agents.wire.endpoint import supervisor_socket
from parallel_agents.wire.messages import (
    Explain,
    ListSessions,
    New,
    Show,
    Shutdown,
    Status,
    Trust,
)
from parallel_agents.wire.request import Request
from tests.support.template import copy_repository

R = TypeVar("R")

T = TypeVar("T")
DEADLINE = 60.0
_GIT = "[user]\n\tname = Dev\n\temail = dev@example.invalid\n[init]\n\tdefaultBranch = main\n"
_OURS = ("HOME", "PARALLEL_AGENTS_HOME", "XDG_RUNTIME_DIR", "TMPDIR", "GIT_CONFIG_GLOBAL")


def wait_until(holds: Callable[[], T], deadline: float = DEADLINE, what: str = "") -> T:
    """Ask again and again until something true comes back, and return it.

    Args:
        holds: the condition; its first true value is returned.
        deadline: seconds.
        what: what is waited for, for the message.

    Raises:
        AssertionError: it did not come to hold in time.
    """
    ends = time.monotonic() + deadline
    while not (found := holds()):
        if time.monotonic() > ends:
            raise AssertionError(f"did not happen within {deadline:.0f} s: {what or holds}")
        time.sleep(0.03)
    return found


class World:
    """One installation; a context manager.

    Args:
        extra: variables for the supervisor, its clients and the agents.
        fast: whether the demo agent plays without pauses.

    Attributes:
        root: everything is below it; its path is short, for the sockets.
        state: `PARALLEL_AGENTS_HOME`.
        repo: a repository with one commit, which is trusted.
        env: the environment of every process.
        supervisor: what the interpreter is told to run by `start_supervisor`.
    """

    def __init__(self, extra: Mapping[str, str] | None = None, *, fast: bool = True) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="pa-w", dir="/tmp")).resolve()
        self.state = self.root / "state"
        self.repo = self.root / "shop"
        (self.root / "home").mkdir()
        (self.root / "run").mkdir(mode=0o700)
        self.env = self._environment(fast=fast) | dict(extra or {})
        self.supervisor: tuple[str, ...] = ("-m", "parallel_agents.supervisor")
        self._before = dict(os.environ)
        self._children: list[subprocess.Popen[bytes]] = []

    def _environment(self, *, fast: bool) -> dict[str, str]:
        home = self.root / "home"
        (home / ".gitconfig").write_text(_GIT)
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(home),
            "TMPDIR": str(self.root),
            "XDG_RUNTIME_DIR": str(self.root / "run"),
            "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
            "GIT_CONFIG_SYSTEM": os.devnull,
            "PARALLEL_AGENTS_HOME": str(self.state),
            "PARALLEL_AGENTS_STANDBY": "off",
            **({"PARALLEL_AGENTS_DEMO_FAST": "1"} if fast else {}),
        }

    def __enter__(self) -> World:
        os.environ.clear()
        os.environ.update(self.env)
        self.make_repository(self.repo)
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.close()
        finally:
            os.environ.clear()
            os.environ.update(self._before)

    def make_repository(self, path: Path) -> Path:
        """Make a repository with one commit."""
        return copy_repository(path, "# Shop\n")

    def commit_preset(self, text: str) -> None:
        """Commit what the repository presets for its sessions."""
        (self.repo / REPOSITORY_SETTINGS).write_text(text)
        for args in (["add", "-A"], ["commit", "-qm", "settings"]):
            subprocess.run(["git", *args], cwd=self.repo, env=self.env, check=True)

    # --- the command line and the socket ------------------------------------------------

    def run(self, *words: str, timeout: float = DEADLINE) -> tuple[int, str, str]:
        """Run a verb in a process of its own; returns its exit code, output and talk."""
        done = subprocess.run(
            [sys.executable, "-I", "-m", "parallel_agents", *words],
            cwd=self.repo,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr

    def client(self, *, start: bool = True) -> QuickClient:
        """A blocking client in this process."""
        return QuickClient(start=start)

    def ask(self, message: Request[R], *, start: bool = True) -> R:
        """One question on a connection of its own."""
        client = self.client(start=start)
        try:
            return client.request(message)
        finally:
            client.close()

    def trust(self, repo: Path | None = None) -> None:
        """Trust a repository, with everything it would run."""
        self.ask(Trust(key=new_uuid(), directory=str(repo or self.repo)))

    def dispatch(self, prompt: str, *, agent: str = "demo", **fields: Any) -> New:
        """The request that dispatches a session."""
        fields.setdefault("options", Options(mode="default"))
        fields.setdefault("key", new_uuid())
        fields.setdefault("directory", str(self.repo))
        fields.setdefault("base", "head")
        return New(prompt=prompt, agent=agent, environment=self.env, **fields)

    def new(self, prompt: str, *, agent: str = "demo", **fields: Any) -> str:
        """Dispatch a session; returns its id."""
        message = self.dispatch(prompt, agent=agent, **fields)
        return self.ask(message).id

    def row(self, session: str, *, start: bool = True) -> dict[str, Any]:
        """A session's entry, as `ls --json` prints it."""
        return dict(json_view(self.ask(Show(session=session), start=start)))

    def wait_state(self, session: str, *states: str, deadline: float = DEADLINE) -> dict[str, Any]:
        """Wait until a session is in one of the states; returns its row."""

        def reached() -> dict[str, Any] | None:
            row = self.row(session)
            return row if row["state"] in states else None

        try:
            found = wait_until(reached, deadline, f"{session} {states}")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.told_of(session)}") from None
        assert found
        return found

    def told_of(self, session: str) -> str:
        """What is known of a session, for whoever has to find out what became of it."""
        try:
            parts = [str(self.ask(Explain(session=session), start=False))]
        except UserError as error:  # what is told of must not hide why it is
            parts = [f"{error.message} {error.hint}"]
        for path, size in (
            (self.session_dir(session) / "journal.jsonl", 6_000),
            (self.state / "supervisor.log", 6_000),
        ):
            parts.append(f"{path.name}: {path.read_text(errors='replace')[-size:]}")
        parts += [str(path) for path in sorted(self.session_dir(session).rglob("*"))]
        return "\n".join(parts)

    # --- the supervisor -----------------------------------------------------------------

    def start_supervisor(self, **extra: str) -> subprocess.Popen[bytes]:
        """Start a supervisor as a child of this process; it may not answer yet."""
        self.state.mkdir(mode=0o700, exist_ok=True)
        with (self.state / "supervisor.out").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-I", *self.supervisor],
                cwd="/",
                env=self.env | extra,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._children.append(process)
        return process

    def wait_ready(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until a supervisor has taken up every session."""

        def answers() -> bool:
            assert process.poll() is None, (self.state / "supervisor.out").read_text()[-2000:]
            return self.supervisor_pid() == process.pid

        wait_until(answers, what="the supervisor answers")
        self.ask(ListSessions(), start=False)

    def supervisor_pid(self) -> int | None:
        """The process id of the supervisor that answers now."""
        if not supervisor_socket(self.state).exists():
            return None
        try:
            return self.ask(Status(), start=False).pid
        except (UnreachableError, OSError):
            return None

    def kill_supervisor(self) -> None:
        """End the supervisor as a crash would."""
        pid = self.supervisor_pid()
        assert pid is not None, "no supervisor runs"
        self.kill(pid)

    def kill(self, pid: int) -> None:
        """Kill a process of this world, and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        for child in self._children:
            if child.pid == pid:
                child.wait()
                self._children.remove(child)
                return
        wait_until(lambda: not is_alive(pid), what=f"the end of process {pid}")

    # --- what is on disk, and the end -----------------------------------------------------

    def session_dir(self, session: str) -> Path:
        """Where the supervisor keeps a session."""
        return self.state / "sessions" / session

    def shims(self) -> dict[Path, int]:
        """The living shims of this world by run directory, with their process ids."""
        base = os.fsencode(self.state / "sessions") + b"/"
        found: dict[Path, int] = {}
        for pid, words in _processes():
            if len(words) > 3 and words[-3].startswith(base) and b"shims/" in words[-4]:
                found[Path(os.fsdecode(words[-3]))] = pid
        return found

    def agents(self) -> list[int]:
        """The process ids of the agents: the shims' children."""
        shims = set(self.shims().values())
        return [pid for pid, _ in _processes() if parent_of(pid) in shims]

    def close(self) -> None:
        """Stop everything, by its own id, and remove the files."""
        standby.end()
        with contextlib.suppress(UnreachableError, OSError):
            self.ask(Shutdown(), start=False)
        for child in self._children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(DEADLINE)
            child.kill()
            child.wait()
        for pid in [*self.shims().values(), *self.agents()]:
            self.kill(pid)
        try:
            wait_until(lambda: not self.left(), 20, "the end of every process")
        finally:
            self.kill_left()
            shutil.rmtree(self.root, ignore_errors=True)

    def kill_left(self) -> None:
        """Kill every process of this world, by its own id, until there is none."""
        while left := self.left():
            for pid in left:
                self.kill(pid)

    def left(self) -> list[int]:
        """Processes whose environment says that they belong to this world."""
        mark = b"PARALLEL_AGENTS_HOME=" + os.fsencode(self.state)
        return [pid for pid, _ in _processes() if pid != os.getpid() and mark in _environ(pid)]


def _processes() -> Iterator[tuple[int, list[bytes]]]:
    """The user's processes that can be read, with their argument lists."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                yield int(entry.name), (entry / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")


def _environ(pid: int) -> list[bytes]:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return []


def parent_of(pid: int) -> int:
    """The parent of a process; 0 when it is gone."""
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{pid}/stat").read_text()
        return int(text.rpartition(")")[2].split()[1])
    return 0


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def report(name: str, rows: list[dict[str, Any]], figures: dict[str, Any]) -> None:
    """Print figures as a table for people, then as one line of JSON for programs."""
    columns = list(rows[0]) if rows else []
    cells = [columns, *[[str(row.get(c, "")) for c in columns] for row in rows]]
    widths = [max(len(line[i]) for line in cells) for i in range(len(columns))]
    for line in cells:
        print("  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip())
    print(json.dumps({"name": name, **figures}), flush=True)
