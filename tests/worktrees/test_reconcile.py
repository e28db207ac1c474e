"""What is not as recorded is reported with something to do about it, and stays as it is."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from parallel_agents.core.worktree import Finding, WorktreeRecord
from parallel_agents.worktrees.look.identity import admin_dir
from parallel_agents.worktrees.make.adoption import dead_owner
from parallel_agents.worktrees.manager import WorktreeManager
from parallel_agents.worktrees.plumbing import push_mirrors
from parallel_agents.worktrees.plumbing.git import Git
from tests.worktrees.conftest import Make, commit_all, git, none_alive, write


def _state(repo: Path) -> object:
    names = sorted(str(p.relative_to(repo)) for p in repo.rglob("*") if "/objects/" not in str(p))
    return names, git(repo, "for-each-ref"), git(repo, "worktree", "list", "--porcelain")


def found(manager: WorktreeManager, repo: Path, *records: WorktreeRecord) -> dict[str, Finding]:
    before = _state(repo)
    findings = manager.reconcile(records, str(repo))
    assert _state(repo) == before
    assert all(f.reason and f.action for f in findings)
    return {f.kind: f for f in findings}


def do(action: str) -> None:
    """Carry out the command that is proposed, whatever words stand before it."""
    subprocess.run(["sh", "-ec", action.rpartition(": ")[2]], check=True, capture_output=True)


def test_all_is_well(manager: WorktreeManager, make: Make, repo: Path) -> None:
    assert found(manager, repo, make()) == {}


def _move_by_git(record: WorktreeRecord) -> None:
    git(record.root, "worktree", "unlock", record.path)
    git(record.root, "worktree", "move", record.path, f"{record.path} moved")


def _lock_by_other(record: WorktreeRecord) -> None:
    git(record.root, "worktree", "unlock", record.path)
    git(record.root, "worktree", "lock", "--reason", "a backup runs", record.path)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (_move_by_git, "moved"),
        (lambda r: Path(r.path).rename(r.path + " away"), "moved"),
        (lambda r: git(r.root, "worktree", "unlock", r.path), "unlocked"),
        (_lock_by_other, "foreign-lock"),
        (lambda r: git(r.path, "switch", "-q", "-c", "own"), "other-branch"),
        (lambda r: git(r.path, "checkout", "-q", "--detach"), "other-branch"),
    ],
    ids=["git moved", "moved", "unlocked", "foreign lock", "other branch", "detached"],
)
def test_what_is_proposed_mends_it(
    change: Callable[[WorktreeRecord], object],
    kind: str,
    manager: WorktreeManager,
    make: Make,
    repo: Path,
) -> None:
    record = make()
    write(Path(record.path) / "work.txt", "work")
    change(record)
    findings = found(manager, repo, record)
    assert [*findings] == [kind]
    do(findings[kind].action)
    left = found(manager, repo, record)
    for action in [f.action for f in left.values()]:  # a lock that was taken off for the move
        do(action)
    assert found(manager, repo, record) == {}
    assert manager.verify(record) is None
    assert (Path(record.path) / "work.txt").read_text() == "work"


def test_gone_pruned_and_replaced(manager: WorktreeManager, make: Make, repo: Path) -> None:
    gone, pruned, replaced = make("gone", "gone"), make("pruned", "pruned"), make("new", "new")
    shutil.rmtree(gone.path)
    shutil.rmtree(admin_dir(pruned))
    Path(replaced.path).rename(repo.parent / "kept")
    git(repo.parent, "clone", "-q", str(repo), replaced.path)
    findings = found(manager, repo, gone, pruned, replaced)
    sessions = {kind: f.session for kind, f in findings.items()}
    assert sessions == {"missing": "gone", "pruned": "pruned", "replaced": "new"}
    assert "parallel-agents rm gone" in findings["missing"].action
    Path(pruned.path).rename(repo.parent / "pruned-away")
    entry = manager.delete(pruned, live_pids=none_alive)
    assert entry.tip == git(repo, "rev-parse", "main")


def test_what_others_made_is_shown(
    manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path
) -> None:
    make("other-home", "other home")
    odd = tmp_path / "it's\n odd"
    git(repo, "worktree", "add", "-q", "-b", "theirs", str(odd))
    findings = found(manager, repo)
    assert findings["unknown"].session == "other-home"
    assert findings["foreign"].path == str(odd)
    words = shlex.split(findings["foreign"].action)
    assert words == ["parallel-agents", "adopt", str(odd)]


def test_what_a_killed_git_left(manager: WorktreeManager, make: Make, repo: Path) -> None:
    make()  # the directory for worktrees is there
    home = repo / ".claude/worktrees"
    git(repo, "worktree", "add", "-q", "-b", "half", str(home / "half"))
    write(repo / ".git/worktrees/half/locked", "initializing")
    git(repo, "worktree", "add", "-q", "-b", "away", str(home / "away"))
    shutil.rmtree(home / "away")
    write(home / "stray dir/file", "x")
    git(repo, "branch", "worktree-left/over")
    findings = found(manager, repo)
    assert {*findings} == {"unknown", "unfinished", "gone", "directory", "branch"}
    do(findings["gone"].action)
    do(findings["branch"].action)
    do(findings["unfinished"].action)
    assert {*found(manager, repo)} == {"unknown", "foreign", "directory"}
    assert (home / "stray dir/file").exists()


def test_an_unmerged_branch_survives_what_is_proposed(manager: WorktreeManager, repo: Path) -> None:
    git(repo, "checkout", "-q", "-b", "worktree-work")
    tip = commit_all(repo, "work")
    git(repo, "checkout", "-q", "main")
    with pytest.raises(subprocess.CalledProcessError):
        do(found(manager, repo)["branch"].action)
    assert git(repo, "rev-parse", "worktree-work") == tip


def test_a_lock_of_a_dead_process(manager: WorktreeManager, make: Make, repo: Path) -> None:
    make()
    path = repo / ".claude/worktrees/claudes"
    git(repo, "worktree", "add", "-q", "-b", "claudes", str(path))
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    for pid, kind in ((child.pid, "dead-lock"), (os.getpid(), "foreign")):
        reason = f"claude session claudes (pid {pid} start 12345)"
        git(repo, "worktree", "lock", "--reason", reason, str(path))
        assert kind in found(manager, repo)
        git(repo, "worktree", "unlock", str(path))
    assert not dead_owner("claude session x (pid 99999999999999 start 1)")
    assert not dead_owner("parallel-agents s1")


def test_the_trash_and_its_branches_are_no_strays(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    manager.delete(make(), live_pids=none_alive)
    assert found(manager, repo) == {}


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ((("remote.o.mirror", "true"),), ("o",)),
        ((("remote.a.b.mirror", "yes"),), ("a.b",)),
        ((("remote.o.push", "+refs/*:refs/*"),), ("o",)),
        ((("remote.o.push", "refs/*:refs/*"), ("remote.o.mirror", "1")), ("o",)),
        ((("remote.o.mirror", "false"), ("remote.o.push", "refs/heads/*:refs/heads/*")), ()),
        ((("remote.pushDefault", "mirror"),), ()),
    ],
)
def test_a_mirror_is_warned_of(
    settings: tuple[tuple[str, str], ...],
    names: tuple[str, ...],
    manager: WorktreeManager,
    make: Make,
    repo: Path,
) -> None:
    record = make()
    write(Path(record.path) / "secret.txt", "untracked")
    for key, value in settings:
        git(repo, "config", "--add", key, value)
    assert push_mirrors.mirrors(Git(str(repo))) == names
    entry = manager.delete(record, live_pids=none_alive)
    assert ("publish what the trash keeps" in " ".join(entry.notes)) == bool(names)
    assert ("mirror" in found(manager, repo)) == bool(names)
    manager.empty_trash()
    assert "mirror" not in found(manager, repo)


def test_the_warning_is_true(make: Make, manager: WorktreeManager, repo: Path) -> None:
    """What is warned of does happen on plain git."""
    target = repo.parent / "target.git"
    git(repo.parent, "init", "-q", "--bare", str(target))
    git(repo, "remote", "add", "--mirror=push", "target", str(target))
    record = make()
    write(Path(record.path) / "secret.txt", "untracked")
    entry = manager.delete(record, live_pids=none_alive)
    assert entry.notes
    git(repo, "push", "-q", "target")
    assert git(target, "show", f"{entry.refs[0]}:secret.txt") == "untracked"
