"""An existing branch as the base: worked on as it is, and left where it is."""

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core.errors import GitError, RefusedError
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.look import branches
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import commit_all, git, none_alive, write


def on_branch(
    manager: WorktreeManager, at: Path, branch: str, session: str = "s1", slug: str = "one"
) -> WorktreeRecord:
    found = manager.resolve(str(at))
    base = manager.resolve_base(found, f"refs/heads/{branch}", branch=branch)
    return manager.create(found, session=session, slug=slug, base=base, branch=branch)


@pytest.fixture
def cloned(repo: Path, tmp_path: Path) -> Path:
    """A clone with a local branch `feature/x`, one commit ahead of `origin/main`."""
    mine = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(repo), str(mine))
    git(mine, "checkout", "-q", "-b", "feature/x")
    write(mine / "x.txt", "x\n")
    commit_all(mine, "on the branch")
    git(mine, "checkout", "-q", "main")
    return mine


def test_an_existing_branch_is_worked_on_as_it_is(manager: WorktreeManager, cloned: Path) -> None:
    tip = git(cloned, "rev-parse", "feature/x")
    record = on_branch(manager, cloned, "feature/x")
    assert git(record.path, "symbolic-ref", "HEAD") == "refs/heads/feature/x"
    assert (record.branch, record.made_branch, record.started_at) == ("feature/x", False, tip)
    assert git(record.path, "status", "--porcelain") == ""
    assert (Path(record.path) / "x.txt").exists()


def test_its_diff_is_against_the_remotes_default_branch(
    manager: WorktreeManager, cloned: Path
) -> None:
    record = on_branch(manager, cloned, "feature/x")
    assert (record.base, record.base_ref) == ("origin/main", "refs/remotes/origin/main")
    stat = manager.diff_stat(record)
    assert (stat.against, [file.path for file in stat.files]) == ("origin/main", ["x.txt"])
    write(Path(record.path) / "y.txt", "y\n")
    assert manager.diff_stat(record).changes.files == 2


def test_without_a_remote_it_is_against_the_upstream_or_where_it_stood(
    manager: WorktreeManager, repo: Path
) -> None:
    git(repo, "branch", "alone")
    record = on_branch(manager, repo, "alone")
    assert (record.base_ref, record.base_commit) == (None, git(repo, "rev-parse", "main"))
    git(repo, "checkout", "-q", "-b", "follows", "--track", "main")
    commit_all(repo, "own")
    git(repo, "checkout", "-q", "main")
    assert on_branch(manager, repo, "follows", "s2", "two").base_ref == "refs/heads/main"


def test_deleting_leaves_the_branch_where_it_is(manager: WorktreeManager, cloned: Path) -> None:
    record = on_branch(manager, cloned, "feature/x")
    write(Path(record.path) / "own.txt", "own\n")
    own = commit_all(record.path, "own work")
    write(Path(record.path) / "loose.txt", "loose\n")
    manager.delete(record, live_pids=none_alive)
    assert git(cloned, "rev-parse", "feature/x") == own
    back = manager.restore("s1")
    assert git(back.path, "symbolic-ref", "HEAD") == "refs/heads/feature/x"
    assert (Path(back.path) / "loose.txt").exists()


def test_restored_after_the_branch_went_on_it_is_detached(
    manager: WorktreeManager, cloned: Path
) -> None:
    record = on_branch(manager, cloned, "feature/x")
    write(Path(record.path) / "loose.txt", "loose\n")
    manager.delete(record, live_pids=none_alive)
    tip = git(cloned, "rev-parse", "feature/x")
    git(cloned, "checkout", "-q", "feature/x")
    newer = commit_all(cloned, "went on")
    back = manager.restore("s1")
    assert git(back.path, "rev-parse", "HEAD") == tip
    assert git(back.path, "branch", "--show-current") == ""
    assert git(back.path, "status", "--porcelain") == "?? loose.txt"
    assert git(cloned, "rev-parse", "feature/x") == newer


def test_restored_while_another_has_the_branch_it_is_detached(
    manager: WorktreeManager, cloned: Path
) -> None:
    record = on_branch(manager, cloned, "feature/x")
    manager.delete(record, live_pids=none_alive)
    git(cloned, "checkout", "-q", "feature/x")
    back = manager.restore("s1")
    assert git(back.path, "branch", "--show-current") == ""
    assert git(cloned, "branch", "--show-current") == "feature/x"


def test_a_branch_in_use_is_refused_with_its_place(manager: WorktreeManager, cloned: Path) -> None:
    with pytest.raises(RefusedError, match="checked out in") as caught:
        on_branch(manager, cloned, "main")
    assert str(cloned) in caught.value.message
    record = on_branch(manager, cloned, "feature/x")
    with pytest.raises(RefusedError, match=record.path):
        on_branch(manager, cloned, "feature/x", "s2", "two")
    assert manager.verify(record) is None
    assert not (cloned / ".claude/worktrees/two").exists()


def test_a_remote_branch_is_made_here_and_followed(
    manager: WorktreeManager, repo: Path, cloned: Path
) -> None:
    git(repo, "branch", "theirs")
    git(cloned, "fetch", "-q")
    record = on_branch(manager, cloned, "theirs")
    assert record.made_branch
    assert git(record.path, "rev-parse", "--symbolic-full-name", "@{upstream}") == (
        "refs/remotes/origin/theirs"
    )
    manager.delete(record, live_pids=none_alive)
    assert git(cloned, "branch", "--list", "theirs") == ""


@pytest.mark.parametrize("branch", ["nowhere", "a..b", "-x", "--track", "x\ny", "HEAD", "@{-1}"])
def test_what_is_no_branch_is_an_error(branch: str, manager: WorktreeManager, cloned: Path) -> None:
    with pytest.raises((GitError, RefusedError)) as caught:
        on_branch(manager, cloned, branch)
    assert caught.value.hint
    assert sorted(git(cloned, "branch", "--format=%(refname:short)").split()) == [
        "feature/x",
        "main",
    ]


def test_a_tag_of_the_same_name_does_not_mislead(manager: WorktreeManager, cloned: Path) -> None:
    git(cloned, "tag", "feature/x", "main")
    record = on_branch(manager, cloned, "feature/x")
    assert git(record.path, "rev-parse", "HEAD") == git(cloned, "rev-parse", "refs/heads/feature/x")


def test_a_branch_that_is_cut_off_half_way_is_not_lost(
    manager: WorktreeManager, cloned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from parallel_agents.core.errors import StorageError

    tip = git(cloned, "rev-parse", "feature/x")
    monkeypatch.setenv("PA_FAILPOINT", "create.added:ENOSPC")
    with pytest.raises(StorageError):
        on_branch(manager, cloned, "feature/x")
    monkeypatch.delenv("PA_FAILPOINT")
    assert git(cloned, "rev-parse", "feature/x") == tip
    assert on_branch(manager, cloned, "feature/x").made_branch is False


def test_a_new_branch_named_like_its_base_keyword(manager: WorktreeManager, repo: Path) -> None:
    found = manager.resolve(str(repo))
    assert manager.resolve_base(found, "head", branch="head").branch is None
    git(repo, "branch", "head")
    assert manager.resolve_base(found, "refs/heads/head", branch="head").branch == "head"


@given(st.text(), st.text())
def test_only_the_same_name_is_itself(branch: str, base: str) -> None:
    if branches.is_itself(branch, base):
        assert base in (branch, f"refs/heads/{branch}")


def test_completion_offers_what_can_be_chosen(
    manager: WorktreeManager, repo: Path, cloned: Path
) -> None:
    git(repo, "branch", "theirs")
    git(cloned, "fetch", "-q")
    for ref in (
        "refs/parallel-agents/pr/7", "refs/remotes/origin/pull/8/head", "refs/remotes/up/pr/9",
        "refs/remotes/origin/merge-requests/10", "refs/parallel-agents/trash/s1",
        "refs/parallel-agents/pr/x", "refs/stash",
    ):  # fmt: skip
        git(cloned, "update-ref", ref, "main")
    assert set(manager.refs(str(cloned), "#")) == {"#7", "#8", "#9", "#10"}
    assert set(manager.refs(str(cloned), "")) - {"#7", "#8", "#9", "#10"} == {
        "main", "feature/x", "origin/main", "origin/theirs",
    }  # fmt: skip
    assert set(manager.branches(str(cloned), "")) == {"main", "feature/x", "theirs"}
    assert manager.branches(str(cloned), "th") == ("theirs",)
