"""The two programs that journeys are made in, each with nothing of the user's and real `claude`s.

Keep true: both talk to a Messages API on loopback of their own; whatever was started is ended.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.bench.beside import OURS, Claude, real_claude
from tests.support.claude import claude_program
from tests.support.messages_api import MessagesApi
from tests.support.person import Person
from tests.support.world import wait_until


@dataclass(frozen=True)
class Side:
    """A program ready to be used.

    Attributes:
        command: a shell command line that opens its list of sessions.
        env: the environment of everything.
        start: starts a session with a task, in a permission mode, without a key.
        kill: ends the process that holds the list together, as a crash would.
    """

    command: str
    env: dict[str, str]
    start: Callable[[str, str], None]
    kill: Callable[[], None]


MakeSide = Callable[[str], AbstractContextManager[Side]]
"""Makes a side whose new sessions have a permission mode."""


@contextmanager
def ours(mode: str) -> Iterator[Side]:
    """The screen of `parallel-agents`, with a supervisor that has been asked something."""
    with tempfile.TemporaryDirectory(prefix="pa-j", dir="/tmp") as root, MessagesApi() as api:
        person = Person(Path(root), api.url, PARALLEL_AGENTS_CLAUDE=str(claude_program()))
        try:
            repo = person.repository()
            remembered = person.home / "config/dispatch.json"
            remembered.parent.mkdir(parents=True, exist_ok=True)
            remembered.write_text(json.dumps({"mode": mode, "agent": "claude"}))

            def start(task: str, mode: str) -> None:
                begin = ("new", task, "-C", str(repo), "--base", "head")
                person.ok(*begin, "--permission-mode", mode)

            command = f"cd {shlex.quote(str(repo))} && exec {shlex.join(OURS)}"
            yield Side(command, person.env, start, person.kill_supervisor)
        finally:
            person.close()


@contextmanager
def theirs(mode: str) -> Iterator[Side]:
    """`claude agents`, with its background service started.

    Its sessions work in the checkout: otherwise it refuses to edit until a session has gone into
    a worktree, which no script of the stand-in for a model can know the name of.
    """
    with real_claude(wanted=True) as claude:
        assert claude is not None
        _settle_in(claude)

        def start(task: str, mode: str) -> None:
            words = [claude.program, "--bg", "--permission-mode", mode, task]
            options = {"cwd": claude.repo, "env": claude.env, "timeout": 60}
            subprocess.run(words, check=True, capture_output=True, **options)  # type: ignore[call-overload]

        words = [claude.program, "agents", "--permission-mode", mode]
        command = f"cd {shlex.quote(str(claude.repo))} && exec {shlex.join(words)}"
        yield Side(command, claude.env, start, lambda: _kill_daemon(claude))


def _settle_in(claude: Claude) -> None:
    """Accept the dummy key, and let sessions edit where they are."""
    folder = Path(claude.env["CLAUDE_CONFIG_DIR"])
    config = folder / ".claude.json"
    known = json.loads(config.read_text())
    known["customApiKeyResponses"] = {"approved": [claude.env["ANTHROPIC_API_KEY"]]}
    config.write_text(json.dumps(known))
    settings = {"worktree": {"bgIsolation": "none"}}
    (folder / "settings.json").write_text(json.dumps(settings))


def _kill_daemon(claude: Claude) -> None:
    pids = _daemons(claude)
    assert pids, "no background service runs"
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not set(pids) & set(_daemons(claude)), what="the end of the service")


def _daemons(claude: Claude) -> list[int]:
    """The background services of this environment, which the state directory in it marks."""
    mark = f"PARALLEL_AGENTS_HOME={claude.env['PARALLEL_AGENTS_HOME']}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            if words[1:3] == [b"daemon", b"run"]:
                found += [int(process.name)] if mark in _environment(process) else []
    return found


def _environment(process: Path) -> list[bytes]:
    return (process / "environ").read_bytes().split(b"\0")
