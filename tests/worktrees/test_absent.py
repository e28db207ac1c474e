"""What a new worktree lacks is said, with what to do about it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from parallel_agents.core.worktree import WorktreeRecord
from tests.support.ordinary import ordinary
from tests.worktrees.conftest import commit_all, git, write

Make = Callable[..., WorktreeRecord]


def hooks(repo: Path) -> Path:
    """Install hooks as husky 9 does."""
    git(repo, "config", "core.hooksPath", ".husky/_")
    write(repo / ".husky/pre-commit", "exit 1\n")
    write(repo / ".husky/_/.gitignore", "*")
    hook = write(repo / ".husky/_/pre-commit", '#!/bin/sh\nsh "$(dirname "$0")/../pre-commit"\n')
    hook.chmod(0o755)
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "--no-verify", "-m", "husky")
    return repo


def test_hooks_that_git_ignores(make: Make, repo: Path) -> None:
    hooks(repo)
    (told,) = [note for note in make().notes if "hooksPath" in note]
    assert ".husky/_ is not in this worktree" in told
    assert "setup in .parallel-agents.toml" in told


def test_they_are_not_missed_where_they_were_copied(make: Make, repo: Path) -> None:
    write(repo / ".worktreeinclude", "/.husky/_/\n")
    hooks(repo)
    record = make()
    assert not [note for note in record.notes if "hooksPath" in note]
    assert os.access(Path(record.path, ".husky/_/pre-commit"), os.X_OK)


def test_the_half_that_older_husky_ignores(make: Make, repo: Path) -> None:
    hooks(repo)
    git(repo, "config", "core.hooksPath", ".husky")
    (told,) = [note for note in make().notes if "hooksPath" in note]
    assert ".husky/_ is not" in told


def test_a_closed_directory_above_hooks_hinders_no_new_worktree(make: Make, repo: Path) -> None:
    hooks(repo)
    (repo / ".husky").chmod(0)
    try:
        assert ordinary(lambda: Path(make().path, "a.txt").is_file())
    finally:
        (repo / ".husky").chmod(0o755)


@pytest.mark.parametrize("path", ["/tmp", "~/hooks", ".husky", "nowhere"])
def test_hooks_that_are_there_or_nowhere(path: str, make: Make, repo: Path) -> None:
    write(repo / ".husky/pre-commit", "exit 0\n")
    commit_all(repo, "hooks")
    git(repo, "config", "core.hooksPath", path)
    assert not [note for note in make().notes if "hooksPath" in note]


def test_submodules_of_the_checkout(make: Make, repo: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", str(repo), str(tmp_path / "other"))
    for name in ("lib", "vendor/x"):
        git(repo, "submodule", "add", "-q", str(tmp_path / "other"), name)
    commit_all(repo, "submodules")
    git(repo, "submodule", "deinit", "-q", "-f", "vendor/x")
    (told,) = [note for note in make().notes if "Submodules" in note]
    assert "worktree: lib." in told
    assert "git submodule update --init" in told
