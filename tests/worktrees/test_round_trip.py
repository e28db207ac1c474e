from pathlib import Path

from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import Make, git, none_alive, snapshot_of, write


def test_create_change_delete_restore(manager: WorktreeManager, make: Make, repo: Path) -> None:
    record = make()
    top = Path(record.path)
    assert top == repo / ".claude/worktrees/fix-login"
    assert record.branch == "worktree-fix-login"
    assert (top / "a.txt").read_text() == "one\ntwo\nthree\n"
    assert git(repo, "status", "--porcelain") == ""
    assert manager.verify(record) is None
    write(top / "a.txt", "one\n2\nthree\n")
    write(top / "new file.txt", "x\ny\n")
    git(top, "rm", "-q", "src/b.py")
    changes = manager.diff_stat(record).changes
    assert (changes.files, changes.insertions, changes.deletions) == (3, 3, 2)
    before, status = snapshot_of(top), git(top, "status", "--porcelain")
    manager.delete(record, live_pids=none_alive)
    assert not top.exists()
    assert "worktree-fix-login" not in git(repo, "branch", "--all")
    assert [e.session for e in manager.trash()] == ["s1"]
    back = manager.restore("s1")
    assert snapshot_of(top) == before
    assert git(top, "status", "--porcelain") == status
    assert manager.verify(back) is None
    assert manager.trash() == ()
    assert manager.reconcile([back]) == ()
    assert git(repo, "for-each-ref", "refs/parallel-agents") == ""
