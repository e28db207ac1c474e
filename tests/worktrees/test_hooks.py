"""Hooks that make a directory to work in: their input, their output, and what is refused."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from parallel_agents.core.errors import WorktreeError
from parallel_agents.worktrees.settings.hooks import Call, Hook, create, read_hooks, remove


@pytest.fixture
def call(tmp_path: Path) -> Call:
    directory = tmp_path / "plain"
    directory.mkdir()
    return Call(
        session="s",
        name="fix-it",
        directory=str(directory),
        environment={"PATH": os.environ["PATH"]},
    )


def hook(command: str, seconds: float = 30) -> Hook:
    return Hook(command=command, seconds=seconds, file="settings.json")


def settings(path: Path, event: str, *hooks: Any) -> Path:
    path.write_text(json.dumps({"hooks": {event: [{"hooks": list(hooks)}]}}))
    return path


def test_the_last_line_names_the_directory(tmp_path: Path, call: Call) -> None:
    command = 'cat > ../given; mkdir ../made; echo "$PWD/../made"'
    with pytest.raises(WorktreeError, match="not a plain absolute directory"):
        create([hook(command)], call)
    made = tmp_path / "made"
    assert create([hook(f"echo talk; printf '\\033[32m{made}\\033[0m\\n\\n'")], call) == str(made)
    assert json.loads((tmp_path / "given").read_text()) == {
        "session_id": "s",
        "transcript_path": "",
        "cwd": call.directory,
        "hook_event_name": "WorktreeCreate",
        "name": "fix-it",
    }


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("echo no >&2; exit 3", "exit status 3: no"),
        ("true", "printed no directory"),
        ("echo relative", "not a plain absolute directory"),
        ("echo /no/such/place", "not a plain absolute directory"),
        ('ln -s "$PWD" ../link; echo "$(dirname "$PWD")/link"', "not a plain absolute directory"),
    ],
)
def test_what_is_refused(call: Call, command: str, why: str) -> None:
    with pytest.raises(WorktreeError, match=why):
        create([hook(command)], call)


def test_one_that_takes_too_long_is_ended(call: Call) -> None:
    with pytest.raises(WorktreeError, match=r"longer than 0\.2 s"):
        create([hook("sleep 1000", 0.2)], call)


def test_one_that_left_a_process_behind_holds_nobody_up(tmp_path: Path, call: Call) -> None:
    """It has left the group, and holds the hook's output open."""
    with pytest.raises(WorktreeError, match=r"longer than 0\.2 s"):
        create([hook("setsid sleep 60 & echo $! > ../pid; sleep 60", 0.2)], call)
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def test_removal_tells_the_path_and_hinders_nothing(tmp_path: Path, call: Call) -> None:
    assert remove([hook("cat > ../given")], call, "/made") == ""
    assert json.loads((tmp_path / "given").read_text())["worktree_path"] == "/made"
    assert "exit status 4" in remove([hook("exit 4")], call, "/made")


def test_hooks_of_all_files_count(tmp_path: Path) -> None:
    first = settings(tmp_path / "a", "WorktreeCreate", {"type": "command", "command": "one"})
    timed = {"type": "command", "command": "two", "timeout": 5}
    second = settings(tmp_path / "b", "WorktreeCreate", timed)
    found = read_hooks([first, tmp_path / "missing", second], "WorktreeCreate")
    assert [(h.command, h.seconds) for h in found] == [("one", 600), ("two", 5)]
    assert read_hooks([first], "WorktreeRemove") == ()


def test_a_kind_of_hook_that_is_not_run_is_said(tmp_path: Path) -> None:
    path = settings(tmp_path / "a", "WorktreeCreate", {"type": "http", "url": "http://127.0.0.1/"})
    with pytest.raises(WorktreeError, match="type “http” is not run"):
        read_hooks([path], "WorktreeCreate")


@pytest.mark.parametrize(
    "text", ["", "[", "[]", '{"hooks": 5}', '{"hooks": {"WorktreeCreate": 1}}']
)
def test_settings_without_hooks(tmp_path: Path, text: str) -> None:
    (tmp_path / "a").write_text(text)
    assert read_hooks([tmp_path / "a"], "WorktreeCreate") == ()
