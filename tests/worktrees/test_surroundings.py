"""Git runs in the environment of whoever asks."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from parallel_agents.core.errors import GitError
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.plumbing import surroundings
from parallel_agents.worktrees.plumbing.git import Git
from tests.worktrees.conftest import git, write

TELL = "#!/bin/sh\nenv > '{}'\ncat\n"


def test_programs_keys_and_proxies_are_the_callers(
    make: Callable[..., WorktreeRecord], repo: Path, home: Path, tmp_path: Path
) -> None:
    write(home / "bin/tell", TELL.format(tmp_path / "told")).chmod(0o755)
    git(repo, "config", "--global", "filter.tell.smudge", "tell")
    git(repo, "config", "--global", "filter.tell.required", "true")
    write(repo / ".gitattributes", "a.txt filter=tell\n")
    git(repo, "-c", "filter.tell.clean=cat", "add", "-A")
    git(repo, "-c", "filter.tell.clean=cat", "commit", "-qm", "tell")
    with pytest.raises(GitError) as caught:
        make()
    assert "on the PATH" in caught.value.hint
    mine = {
        **{n: v for n, v in os.environ.items() if n != "PYTEST_CURRENT_TEST"},
        "PATH": f"{home / 'bin'}:{os.environ['PATH']}",
        "SSH_AUTH_SOCK": "/run/agent",
        "https_proxy": "http://proxy:1",
        "GIT_DIR": "/elsewhere",
    }
    with surroundings.of(mine):
        make()
    told = (tmp_path / "told").read_text().splitlines()
    assert "SSH_AUTH_SOCK=/run/agent" in told
    assert "https_proxy=http://proxy:1" in told
    assert "GIT_DIR=/elsewhere" not in told
    assert not [line for line in told if line.startswith("PYTEST_CURRENT_TEST=")]


def test_a_git_that_only_the_caller_has_not_is_missing(repo: Path) -> None:
    with surroundings.of({"PATH": "/nonexistent"}), pytest.raises(GitError, match="not found"):
        Git(str(repo)).read("version")
    assert Git(str(repo)).read("version").line


def test_the_name_of_a_missing_lfs_comes_with_a_next_step(
    make: Callable[..., WorktreeRecord], repo: Path
) -> None:
    for part, line in (("process", "git-lfs filter-process"), ("required", "true")):
        git(repo, "config", "--global", f"filter.lfs.{part}", line)
    write(repo / ".gitattributes", "*.bin filter=lfs\n")
    write(repo / "a.bin", "pointer\n")
    off = ("-c", "filter.lfs.process=", "-c", "filter.lfs.required=false")
    git(repo, *off, "add", "-A")
    git(repo, *off, "commit", "-qm", "lfs")
    (empty := repo.parent / "bin").mkdir()
    for program in ("git", "sh", "env"):
        found = next(p for d in os.environ["PATH"].split(":") if (p := Path(d) / program).exists())
        (empty / program).symlink_to(found)
    with surroundings.of({**os.environ, "PATH": str(empty)}), pytest.raises(GitError) as caught:
        make()
    assert "Install git-lfs" in caught.value.hint


def test_threads_of_others_keep_theirs() -> None:
    seen: list[str] = []
    with surroundings.of({"HOME": "/theirs"}):
        beside = threading.Thread(target=lambda: seen.append(surroundings.current()["HOME"]))
        beside.start()
        beside.join()
        assert surroundings.current()["HOME"] == "/theirs"
    assert seen == [os.environ["HOME"]]
