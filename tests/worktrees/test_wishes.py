"""Claude Code's settings, as editors write them."""

from __future__ import annotations

import codecs
import json
from pathlib import Path

import pytest

from parallel_agents.worktrees.manager import WorktreeManager
from parallel_agents.worktrees.settings.claude_settings import (
    default_mode,
    read_wishes,
    settings_files,
)
from parallel_agents.worktrees.settings.hooks import read_hooks
from tests.worktrees.conftest import write


def test_a_byte_order_mark_is_no_part_of_the_settings(
    manager: WorktreeManager, repo: Path, home: Path
) -> None:
    hook = {"hooks": [{"type": "command", "command": "true"}]}
    settings = {"worktree": {"baseRef": "head"}, "hooks": {"WorktreeCreate": [hook]}}
    data = codecs.BOM_UTF8 + json.dumps(settings).encode()
    write(repo / ".claude/settings.json", data)
    found = read_wishes(repo, {"HOME": str(home)}, accepted=True)
    assert (found.base, found.notes) == ("head", ())
    files = settings_files(repo, {"HOME": str(home)}, accepted=True)
    assert len(read_hooks(files, "WorktreeCreate")) == 1
    resolved = manager.resolve(str(repo))
    config = manager.executable_config(resolved, resolved.head or "")
    assert [note for note in config.notes if "WorktreeCreate" in note]


@pytest.mark.parametrize(
    ("user", "project", "accepted", "mode"),
    [
        ({}, {}, True, ""),
        ({"permissions": {"defaultMode": "plan"}}, {}, True, "plan"),
        (
            {"permissions": {"defaultMode": "plan"}},
            {"permissions": {"defaultMode": "acceptEdits"}},
            True,
            "acceptEdits",
        ),
        (
            {"permissions": {"defaultMode": "plan"}},
            {"permissions": {"defaultMode": "acceptEdits"}},
            False,
            "plan",
        ),
        ({"permissions": {"defaultMode": 3}}, {"permissions": []}, True, ""),
    ],
)
def test_the_mode_of_a_start_that_names_none(
    tmp_path: Path, user: object, project: object, accepted: bool, mode: str
) -> None:
    write(tmp_path / "home/.claude/settings.json", json.dumps(user))
    write(tmp_path / "repo/.claude/settings.json", json.dumps(project))
    environment = {"HOME": str(tmp_path / "home")}
    found = default_mode(tmp_path / "repo", environment, accepted=accepted)
    assert found == mode
