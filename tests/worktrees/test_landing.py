"""What is proposed to bring work home: it names what is checked out, and works."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import commit_all, git, write

Make = Callable[..., WorktreeRecord]


def land(manager: WorktreeManager, record: WorktreeRecord, how: str) -> None:
    """Run what is proposed, up to the merge, or with the cherry-pick in its place."""
    *before, merge, pick = manager.land_commands(record)
    for command in (*before, {"merge": merge, "cherry-pick": pick}[how]):
        assert os.system(f"cd / && {command} >/dev/null") == 0, command


@pytest.mark.parametrize("how", ["merge", "cherry-pick"])
@pytest.mark.parametrize("uncommitted", [False, True])
@pytest.mark.parametrize("head", ["branch", "other branch", "detached", "ambiguous"])
def test_the_work_lands(
    head: str, *, uncommitted: bool, how: str, manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record = make()
    top = Path(record.path)
    if head == "other branch":
        git(top, "checkout", "-q", "-b", "own")
    elif head == "detached":
        git(top, "checkout", "-q", "--detach")
    elif head == "ambiguous":
        git(repo, "tag", record.branch)
    write(top / "one.txt", "1\n")
    commit_all(top, "one")
    if uncommitted:
        write(top / "it's.txt", "2\n")
    assert manager.why_not_land(record) == ""
    land(manager, record, how)
    assert (repo / "one.txt").exists()
    assert (repo / "it's.txt").exists() == uncommitted


def test_no_branch_is_named_that_is_not_checked_out(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record = make()
    assert manager.standing(record) is not None
    git(record.path, "checkout", "-q", "--detach")
    head = commit_all(record.path, "one")
    assert not [c for c in manager.land_commands(record) if record.branch in c]
    found = manager.standing(record)
    assert found is not None
    assert (found.branch, found.commit) == ("", head)
    assert found.detached == f"detached at {head[:12]}"


def conflict(record: WorktreeRecord, repo: Path) -> None:
    """Make a commit in the worktree and one in the repository that cannot be merged."""
    write(Path(record.path, "a.txt"), "theirs\n")
    commit_all(record.path, "theirs")
    write(repo / "a.txt", "ours\n")
    commit_all(repo, "ours")


OPERATIONS = {
    "merge": ("merge", "main"),
    "rebase": ("rebase", "main"),
    "cherry-pick": ("cherry-pick", "main"),
    "revert": ("revert", "HEAD~1"),
    "am": ("am", "PATCH"),
    "bisect": ("bisect", "start", "HEAD", "HEAD~1"),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_nothing_is_proposed_in_the_middle_of_something(
    name: str, manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path
) -> None:
    record = make()
    conflict(record, repo)
    patch = write(tmp_path / "patch", git(repo, "format-patch", "-1", "--stdout", "main") + "\n")
    write(Path(record.path, "a.txt"), "later\n")
    commit_all(record.path, "later")
    words = [str(patch) if word == "PATCH" else word for word in OPERATIONS[name]]
    git(record.path, *words, ok=(0, 1, 128))
    assert manager.land_commands(record) == ()
    assert f"unfinished {name}" in manager.why_not_land(record)
    found = manager.standing(record)
    assert found is not None
    assert found.unfinished == name
    assert f"unfinished {name}" in found.detached


def test_nothing_is_proposed_while_there_are_conflicts(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record = make()
    write(Path(record.path, "a.txt"), "stashed\n")
    git(record.path, "stash", "-q")
    write(Path(record.path, "a.txt"), "other\n")
    commit_all(record.path, "other")
    git(record.path, "stash", "pop", "-q", ok=(1,))
    assert manager.land_commands(record) == ()
    assert "conflicts" in manager.why_not_land(record)


def test_nothing_is_proposed_on_a_branch_without_commit(
    manager: WorktreeManager, make: Make
) -> None:
    record = make()
    git(record.path, "checkout", "-q", "--orphan", "new")
    assert manager.land_commands(record) == ()
    assert "without a commit" in manager.why_not_land(record)


def test_nothing_is_proposed_while_the_checkout_is_in_the_middle(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record = make()
    conflict(record, repo)
    git(repo, "merge", "-q", record.branch, ok=(1,))
    assert manager.land_commands(record) == ()
    assert "unfinished merge is in your checkout" in manager.why_not_land(record)
