"""What a base means: names with several meanings, and remotes that moved on or are not asked."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from parallel_agents.core.errors import GitError, UsageError
from parallel_agents.core.worktree import Base
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import commit_all, git

DAY = 24 * 3600


@pytest.fixture
def mine(repo: Path, tmp_path: Path) -> Path:
    """A clone of the repository."""
    git(tmp_path, "clone", "-q", str(repo), str(tmp_path / "clone"))
    return tmp_path / "clone"


def resolve(manager: WorktreeManager, top: Path, base: str, branch: str | None = None) -> Base:
    return manager.resolve_base(manager.resolve(str(top)), base, branch=branch)


def age(top: Path, seconds: float) -> None:
    """Let the last fetch be so long ago."""
    mark = top / ".git/FETCH_HEAD"
    then = mark.stat().st_mtime - seconds
    os.utime(mark, (then, then))


def test_a_renamed_default_branch_is_followed(
    manager: WorktreeManager, repo: Path, mine: Path
) -> None:
    resolve(manager, mine, "fresh")
    git(repo, "branch", "-m", "main", "trunk")
    newer = commit_all(repo, "newer")
    age(mine, 2 * DAY)
    base = resolve(manager, mine, "fresh")
    assert (base.ref, base.commit) == ("refs/remotes/origin/trunk", newer)
    assert "now origin/trunk" in base.note
    assert resolve(manager, mine, "fresh").note == ""


def test_a_default_branch_that_only_changed_its_name_in_head_is_followed(
    manager: WorktreeManager, repo: Path, mine: Path
) -> None:
    """The old one is still there and would be fetched without a word."""
    git(repo, "checkout", "-q", "-b", "next")
    newer = commit_all(repo, "newer")
    assert resolve(manager, mine, "fresh").commit == newer


def test_an_unknown_default_branch_is_told_only_where_it_matters(
    manager: WorktreeManager, repo: Path, mine: Path
) -> None:
    """It does once the remote has something that the local HEAD lacks."""
    git(mine, "remote", "set-head", "origin", "--delete")
    git(repo, "symbolic-ref", "HEAD", "refs/heads/none")
    assert resolve(manager, mine, "fresh").note == ""
    git(repo, "symbolic-ref", "HEAD", "refs/heads/main")
    git(repo, "checkout", "-q", "-b", "next")
    commit_all(repo, "newer")
    git(repo, "symbolic-ref", "HEAD", "refs/heads/none")
    git(mine, "fetch", "-q")
    note = resolve(manager, mine, "fresh").note
    assert note == (
        "The default branch of origin is not known: the branch starts at the local HEAD."
    )


def test_a_fetch_of_another_branch_does_not_count(
    manager: WorktreeManager, repo: Path, mine: Path
) -> None:
    git(repo, "branch", "feature")
    git(mine, "fetch", "-q", "origin", "feature")
    newer = commit_all(repo, "newer")
    assert resolve(manager, mine, "fresh").commit == newer


def test_a_fetch_from_another_remote_does_not_count(
    manager: WorktreeManager, repo: Path, mine: Path, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "-q", str(repo), str(tmp_path / "fork"))
    git(mine, "remote", "add", "fork", str(tmp_path / "fork"))
    git(mine, "fetch", "-q", "fork", "main")
    newer = commit_all(repo, "newer")
    assert resolve(manager, mine, "fresh").commit == newer


def test_the_persons_own_fetch_counts_and_its_age_is_said(
    manager: WorktreeManager, repo: Path, mine: Path
) -> None:
    git(mine, "fetch", "-q")
    before = git(repo, "rev-parse", "HEAD")
    commit_all(repo, "newer")
    assert resolve(manager, mine, "fresh").note == ""
    age(mine, 3 * 3600)
    base = resolve(manager, mine, "fresh")
    assert base.commit == before
    assert "fetched 3 hours ago" in base.note
    assert "fetched 3 hours ago" in resolve(manager, mine, "origin/main").note


def test_what_was_fetched_for_us_is_remembered_over_another_fetch(
    manager: WorktreeManager, repo: Path, mine: Path, tmp_path: Path
) -> None:
    resolve(manager, mine, "fresh")
    git(repo, "branch", "feature")
    git(mine, "fetch", "-q", "origin", "feature")
    commit_all(repo, "newer")
    assert resolve(WorktreeManager(tmp_path / "state"), mine, "fresh").note == ""


def test_the_age_is_said_when_the_remote_does_not_answer(
    manager: WorktreeManager, repo: Path, mine: Path, tmp_path: Path
) -> None:
    git(mine, "fetch", "-q")
    age(mine, 2 * DAY)
    repo.rename(tmp_path / "gone")
    for _ in range(2):
        assert "last known origin/main is used, fetched 2 days ago" in (
            resolve(manager, mine, "fresh").note
        )


def test_an_unknown_age_is_said_to_be_unknown(manager: WorktreeManager, mine: Path) -> None:
    assert "not known when" in resolve(manager, mine, "origin/main").note
    assert resolve(manager, mine, "main").note == ""


def test_several_remotes_without_a_main_one_are_named(
    manager: WorktreeManager, repo: Path, mine: Path
) -> None:
    git(mine, "remote", "rename", "origin", "a")
    git(mine, "remote", "add", "b", str(repo))
    git(mine, "fetch", "-q", "b")
    assert "(a, b)" in resolve(manager, mine, "fresh").note
    git(repo, "branch", "feature")
    git(mine, "fetch", "-q", "--all")
    with pytest.raises(UsageError, match="a/feature and b/feature"):
        manager.has_branch(manager.resolve(str(mine)), "feature")


MEANINGS = {
    "branch and tag": (["branch", "v1"], ["tag", "v1", "HEAD~1"], "v1", "tag v1.*branch v1"),
    "with a step": (["branch", "v1"], ["tag", "v1", "HEAD~1"], "v1~0", "tag v1.*branch v1"),
    "branch and remote branch": (
        ["branch", "origin/main", "HEAD~1"], ["status"], "origin/main",
        "the branch origin/main.*the remote branch origin/main",
    ),
    "branch and remote": (
        ["branch", "origin"], ["status"], "origin",
        "the branch origin.*the default branch of the remote origin",
    ),
    "branch and stash": (
        ["branch", "stash"], ["update-ref", "refs/stash", "HEAD"], "stash",
        "ref stash.*branch stash",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MEANINGS)
def test_a_name_with_several_meanings_is_refused(
    case: str, manager: WorktreeManager, repo: Path, tmp_path: Path
) -> None:
    commit_all(repo, "second")
    git(tmp_path, "clone", "-q", str(repo), str(tmp_path / "clone"))
    mine = tmp_path / "clone"
    first, second, name, told = MEANINGS[case]
    git(mine, *first)
    git(mine, *second)
    with pytest.raises(UsageError, match=told) as caught:
        resolve(manager, mine, name)
    assert "refs/" in caught.value.hint
    for ref in caught.value.hint.removeprefix("Write which one: ").split(" or "):
        assert resolve(manager, mine, ref).ref


@pytest.mark.parametrize("length", [7, 12, 40])
def test_a_branch_that_looks_like_a_commit_is_refused(
    length: int, manager: WorktreeManager, repo: Path
) -> None:
    head = git(repo, "rev-parse", "HEAD")
    commit_all(repo, "second")
    git(repo, "update-ref", f"refs/heads/{head[:length]}", "HEAD")
    with pytest.raises(UsageError, match=f"branch {head[:length]} .*commit {head[:12]}"):
        resolve(manager, repo, head[:length])


def test_what_only_looks_ambiguous_is_not(manager: WorktreeManager, repo: Path) -> None:
    git(repo, "branch", "deadbeef")
    git(repo, "branch", "v1/x")
    git(repo, "tag", "v1")
    assert resolve(manager, repo, "deadbeef").ref == "refs/heads/deadbeef"
    assert resolve(manager, repo, "v1").ref == "refs/tags/v1"
    assert resolve(manager, repo, "HEAD~0").ref is None
    with pytest.raises(GitError, match="names no commit"):
        resolve(manager, repo, "*")
