"""A verb pays for the standard library only; the supervisor never loads the screen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from parallel_agents.cli.main import VERBS

HEAVY = ("textual", "rich", "pydantic", "git", "psutil", "unidiff", "asyncio")
_ASK = """
import json, sys
from parallel_agents.cli.main import main
{body}
found = sorted(set({heavy!r}) & {{name.partition(".")[0] for name in sys.modules}})
print("\\n" + json.dumps(found))
"""
_CALL = """
try:
    main({arguments!r})
except SystemExit:
    pass
"""


def _loaded(tmp_path: Path, body: str, heavy: tuple[str, ...] = HEAVY) -> list[str]:
    environment = {**os.environ, "HOME": str(tmp_path), "PARALLEL_AGENTS_HOME": str(tmp_path / "s")}
    done = subprocess.run(
        [sys.executable, "-c", _ASK.format(body=body, heavy=heavy)],
        capture_output=True,
        text=True,
        env=environment,
        cwd="/",
        timeout=60,
        check=True,
    )
    found: list[str] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_loads_neither_screen_nor_models_nor_git(verb: str, tmp_path: Path) -> None:
    assert _loaded(tmp_path, _CALL.format(arguments=[verb, "--help"])) == []


def test_asking_loads_no_more(tmp_path: Path) -> None:
    """The whole way to the socket, where nobody answers."""
    body = _CALL.format(arguments=["daemon", "status"]) + "import parallel_agents.client.quick\n"
    assert _loaded(tmp_path, body) == []


@pytest.mark.parametrize("verb", ["ls", "new", "show", "send", "wait"])
def test_a_verb_loads_nothing_that_it_does_not_need(verb: str, tmp_path: Path) -> None:
    """What starts a supervisor, or measures a terminal, is loaded by whoever does that."""
    slow = ("subprocess", "shutil", "tempfile", "typing_extensions")
    assert _loaded(tmp_path, _CALL.format(arguments=[verb, "--help"]), slow) == []


def test_only_the_verb_asked_for_is_loaded(tmp_path: Path) -> None:
    commands = "parallel_agents.cli.commands."
    body = _CALL.format(arguments=["path", "--help"])
    body += (
        f"assert [n for n in sys.modules if n.startswith({commands!r})] == [{commands!r} + 'path']"
    )
    _loaded(tmp_path, body)


def test_the_supervisor_loads_no_screen(tmp_path: Path) -> None:
    body = "import parallel_agents.supervisor.lifecycle"
    assert _loaded(tmp_path, body, ("textual", "rich")) == []


def test_the_supervisor_greets_before_it_loads_git_and_the_models_of_lines(tmp_path: Path) -> None:
    body = """
import parallel_agents.supervisor.lifecycle
assert "parallel_agents.agents.claude.protocol" not in sys.modules
"""
    assert _loaded(tmp_path, body, ("git",)) == []


def test_the_probe_sees_what_is_loaded(tmp_path: Path) -> None:
    assert _loaded(tmp_path, "import pydantic") == ["pydantic"]
