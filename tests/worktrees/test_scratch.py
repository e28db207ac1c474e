"""The demo's repository needs nothing of the person."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from parallel_agents.core.errors import StorageError
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import git, write


def test_a_scratch_repository(manager: WorktreeManager, tmp_path: Path, home: Path) -> None:
    hook = write(home / "template/hooks/post-commit", f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    write(
        home / ".gitconfig", f"[init]\n templateDir = {home}/template\n[commit]\n gpgSign = true\n"
    )
    first = manager.make_scratch_repository(str(tmp_path / "demo"))
    second = manager.make_scratch_repository(str(tmp_path / "demo"))
    assert (Path(first).name, Path(second).name) == ("shop", "shop-2")
    assert manager.resolve(first).branch == "main"
    assert git(first, "status", "--porcelain") == ""
    done = subprocess.run(
        [sys.executable, "-m", "unittest"], cwd=first, capture_output=True, text=True, check=False
    )
    assert re.findall(r"^(?:FAIL|ERROR): (\w+)", done.stderr, re.MULTILINE) == [
        "test_ten_cost_a_tenth_less"  # what an agent of the demo fixes
    ]
    assert not (tmp_path / "ran").exists()


def test_no_room_is_said(manager: WorktreeManager, tmp_path: Path) -> None:
    write(tmp_path / "file", "x")
    with pytest.raises(StorageError, match="scratch repository") as caught:
        manager.make_scratch_repository(str(tmp_path / "file/below"))
    assert caught.value.hint
