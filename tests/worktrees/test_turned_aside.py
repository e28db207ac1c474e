"""What an agent puts in the place of git's own files turns nothing aside: not a ref, not a path."""

from __future__ import annotations

import os

import pytest

from parallel_agents.core.errors import RefusedError
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import git, none_alive, write
from tests.worktrees.test_untakable import Scene, scene as scene


@pytest.mark.parametrize("packed", [False, True])
def test_a_branch_that_leads_to_another_takes_no_other_along(scene: Scene, packed: bool) -> None:
    branch = f"refs/heads/{scene.record.branch}"
    git(scene.repo, "checkout", "-q", "--detach")
    git(scene.repo, "update-ref", "-d", branch)
    git(scene.repo, "symbolic-ref", branch, "refs/heads/main")
    if packed:
        git(scene.repo, "pack-refs", "--all")
    main = git(scene.repo, "rev-parse", "refs/heads/main")
    manager = WorktreeManager(scene.state)
    manager.delete(scene.record, live_pids=none_alive)
    assert git(scene.repo, "for-each-ref", "--format=%(refname)", "refs/heads") == "refs/heads/main"
    manager.restore("s1")
    assert git(scene.repo, "rev-parse", "refs/heads/main", branch).split() == [main, main]


def test_a_ref_of_ours_that_leads_to_another_takes_no_other_along(scene: Scene) -> None:
    manager = WorktreeManager(scene.state)
    entry = manager.delete(scene.record, live_pids=none_alive)
    ref = entry.refs[0]
    git(scene.repo, "checkout", "-q", "--detach")
    git(scene.repo, "symbolic-ref", ref, "refs/heads/main")
    manager.empty_trash()
    assert git(scene.repo, "for-each-ref", "--format=%(refname)") == "refs/heads/main"


def test_a_branch_is_not_written_through_a_link_that_leads_nowhere(scene: Scene) -> None:
    manager = WorktreeManager(scene.state)
    manager.delete(scene.record, live_pids=none_alive)
    branch = f"refs/heads/{scene.record.branch}"
    git(scene.repo, "symbolic-ref", branch, "refs/heads/nothing")
    with pytest.raises(RefusedError, match="leads to refs/heads/nothing") as refused:
        manager.restore("s1")
    assert refused.value.hint == f"Remove it: git symbolic-ref --delete {branch}"
    assert git(scene.repo, "for-each-ref", "refs/heads/nothing") == ""
    git(scene.repo, "symbolic-ref", "--delete", branch)
    assert manager.verify(manager.restore("s1")) is None


def test_a_restore_that_goes_on_writes_through_no_link(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = WorktreeManager(scene.state)
    entry = manager.delete(scene.record, live_pids=none_alive)
    branch = f"refs/heads/{scene.record.branch}"

    def stop(name: str) -> None:
        if name == "restore.plan":
            git(scene.repo, "symbolic-ref", branch, "refs/heads/nothing")

    monkeypatch.setattr("parallel_agents.worktrees.remove.restore.hit", stop)
    manager.restore("s1")
    assert git(scene.repo, "rev-parse", branch) == entry.tip
    assert git(scene.repo, "for-each-ref", "refs/heads/nothing") == ""


@pytest.mark.parametrize("content", [b"\xff\x00garbage", b"gitdir: /a\x00b/worktrees/c\n"])
def test_a_git_file_with_a_nul_is_another_one(scene: Scene, content: bytes) -> None:
    (scene.top / ".git").write_bytes(content)
    manager = WorktreeManager(scene.state)
    assert manager.verify(scene.record) == f"the .git file of {scene.top} was changed"
    entry = manager.delete(scene.record, live_pids=none_alive)
    assert entry.untouched
    assert (scene.top / "new.txt").exists()


def test_what_git_says_of_the_place_may_hold_a_nul(scene: Scene) -> None:
    (scene.admin / "gitdir").write_bytes(b"/a\x00b\n")
    (scene.top / ".git").write_text(f"gitdir: {scene.admin}/\n")
    manager = WorktreeManager(scene.state)
    assert manager.verify(scene.record) == f"the .git file of {scene.top} was changed"


@pytest.mark.parametrize("ref", ["refs/parallel-agents", "refs/parallel-agents/trash"])
def test_a_ref_in_the_way_of_ours_stops_no_deletion(ref: str, scene: Scene) -> None:
    git(scene.repo, "update-ref", ref, "HEAD")
    manager = WorktreeManager(scene.state)
    entry = manager.delete(scene.record, live_pids=none_alive)
    assert any(phrase.startswith("only the directory") for phrase in entry.saved)
    manager.restore("s1")
    assert (scene.top / "new.txt").read_text() == "new\n"
    assert git(scene.repo, "for-each-ref", "--format=%(refname)", ref) == ref


@pytest.mark.parametrize("kind", ["directory", "link", "pipe"])
@pytest.mark.parametrize("name", ["locked", "gitdir"])
def test_what_lies_in_place_of_a_file_of_gits_is_not_written(
    name: str, kind: str, scene: Scene
) -> None:
    mine = write(scene.repo.parent / "mine", "precious")
    path = scene.admin / name
    path.unlink()
    if kind == "directory":
        write(path / "inside", "x")
    elif kind == "link":
        path.symlink_to(mine)
    else:
        os.mkfifo(path)
    manager = WorktreeManager(scene.state)
    manager.delete(scene.record, live_pids=none_alive)
    assert manager.verify(manager.restore("s1")) is None
    assert mine.read_text() == "precious"
    assert (scene.top / "new.txt").read_text() == "new\n"
