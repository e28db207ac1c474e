"""What only one worktree has, and how its commits got into the base."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from parallel_agents.core.worktree import OwnWork
from parallel_agents.worktrees.compare import merged
from parallel_agents.worktrees.look.identity import bound_git
from parallel_agents.worktrees.manager import WorktreeManager
from parallel_agents.worktrees.plumbing.git import Git
from tests.worktrees.conftest import Make, commit_all, git, none_alive, write


def test_nothing_of_its_own(manager: WorktreeManager, make: Make, repo: Path) -> None:
    """Copied files that were not changed and build directories are no work."""
    write(repo / ".worktreeinclude", ".env\nignored/\n")
    write(repo / ".env", "A=1")
    write(repo / "ignored/local.conf", "x")
    commit_all(repo, "include")
    record = make()
    top = Path(record.path)
    assert (top / "ignored/local.conf").exists()
    write(top / "node_modules/m.js", "m")
    (top / "ignored/empty/below").mkdir(parents=True)
    own = manager.own_work(record)
    assert own == OwnWork(saved=(), skipped=("node_modules", ".env", "ignored/local.conf"))
    entry = manager.delete(record, live_pids=none_alive)
    assert (entry.saved, entry.notes) == ((), ())


def _commit(top: Path) -> None:
    write(top / "b.txt", "b")
    commit_all(top, "b")


def _nested(top: Path) -> None:
    (top / "inner").mkdir()
    git(top / "inner", "init", "-q")


def _stash(top: Path) -> None:
    write(top / "a.txt", "later\n")
    git(top, "stash", "push", "-q")


def _submodule(top: Path) -> None:
    git(top, "submodule", "--quiet", "add", str(top.parents[2]), "lib")
    git(top, "commit", "-q", "-m", "submodule")
    git(top, "push", "-q", str(top.parents[2]), "HEAD:refs/remotes/origin/work")


def _rebase(top: Path) -> None:
    write(top / "a.txt", "theirs\n")
    commit_all(top, "theirs")
    git(top, "checkout", "-q", "-b", "other", "HEAD~")
    write(top / "a.txt", "ours\n")
    commit_all(top, "ours")
    subprocess.run(["git", "-C", str(top), "rebase", "-q", "-"], capture_output=True, check=False)


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (lambda top: write(top / "a.txt", "x"), "1 changed file"),
        (lambda top: git(top, "rm", "-q", "--cached", "run.sh"), "1 changed file"),
        (lambda top: (top / "run.sh").chmod(0o644), "1 changed file"),
        (lambda top: write(top / "new/x.txt", "x"), "1 untracked file"),
        (lambda top: write(top / "x.log", "x"), "1 ignored file or directory"),
        (lambda top: write(top / "ignored/deep/x", "x"), "1 ignored file or directory"),
        (lambda top: write(top / ".env", "A=2"), "1 ignored file or directory"),
        (_nested, "nested repositories: inner/"),
        (_commit, "1 commit not in main or on a remote"),
        (_stash, "1 stash, which `git stash list` keeps"),
        (_submodule, "submodules: lib"),
        (_rebase, "an unfinished rebase"),
    ],
)
def test_each_kind_of_work_is_said(
    work: Callable[[Path], object], said: str, manager: WorktreeManager, make: Make, repo: Path
) -> None:
    write(repo / ".worktreeinclude", ".env\n")
    write(repo / ".env", "A=1")
    record = make()
    work(Path(record.path))
    assert said in manager.own_work(record).saved
    assert said in manager.delete(record, live_pids=none_alive).saved


def _two_commits(top: Path) -> str:
    write(top / "a.txt", "one\n2\nthree\n")
    commit_all(top, "first change")
    write(top / "new.txt", "n\n")
    return commit_all(top, "second change")


def _elsewhere(repo: Path) -> str:
    write(repo / "src/b.py", "print('c')\n")
    return commit_all(repo, "in the meantime")


def _squash(repo: Path, branch: str) -> str:
    git(repo, "merge", "-q", "--squash", branch)
    return git(repo, "commit", "-q", "-m", "all of it")


@pytest.mark.parametrize(
    ("land", "how"),
    [
        (lambda repo, b: git(repo, "merge", "-q", "--no-ff", b), "merged into main"),
        (lambda repo, b: git(repo, "cherry-pick", f"main..{b}"), "merged into main by rebase"),
        (_squash, "merged into main by squash"),
        (lambda repo, b: (_squash(repo, b), _elsewhere(repo)), "merged into main by squash"),
        (
            lambda repo, b: (_elsewhere(repo), git(repo, "checkout", "-q", b, "--", "."),
                             commit_all(repo, "by hand")),
            "merged into main by squash",
        ),
        (lambda repo, b: git(repo, "cherry-pick", f"{b}~"), ""),
        (lambda repo, b: (_squash(repo, b), git(repo, "revert", "--no-edit", "HEAD")),
         "merged into main by squash"),
    ],
    ids=["merge", "rebase", "squash", "squash, then more", "copied", "half", "reverted since"],
)  # fmt: skip
def test_how_it_was_merged(
    land: Callable[[Path, str], object],
    how: str,
    manager: WorktreeManager,
    make: Make,
    repo: Path,
) -> None:
    record = make()
    _two_commits(Path(record.path))
    if how != "merged into main":
        write(repo / "run.sh", "#!/bin/sh\ntrue\n")
        commit_all(repo, "beside")
    land(repo, record.branch)
    if how == "merged into main by squash" and "by hand" in git(repo, "log", "--format=%s"):
        how = "its changes are in main"
    own = manager.own_work(record)
    commits = () if how else ("2 commits not in main or on a remote",)
    assert (own.merged, own.saved) == (how, commits)
    assert manager.delete(record, live_pids=none_alive).saved == commits
    git(repo, "fsck", "--strict")


@pytest.mark.parametrize(
    ("ref", "message", "number", "fate"),
    [
        ("refs/pull/7/head", "All of it, and better (#7)", "#7", "pushed"),
        ("refs/pull/7/head", "Merge pull request #7 from somebody/branch", "#7", "pushed"),
        ("refs/merge-requests/7/head", "All\n\nSee merge request group/shop!7", "!7", "pushed"),
        ("refs/pull/8/head", "All of it, and better (#7)", "", "pushed"),
        ("refs/pull/7/head", "All of it, unlike (#70)", "", "pushed"),
        ("refs/pull/7/head", "All of it, and better (#7)", "", "never pushed"),
        ("refs/pull/7/head", "All of it, and better (#7)", "", "pushed before the last commit"),
    ],
)
def test_a_pull_request_that_was_edited_while_it_was_merged(
    ref: str, message: str, number: str, fate: str,
    manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path,
) -> None:  # fmt: skip
    """Neither the patch nor the tree of the base is that of the branch."""
    hub = tmp_path / "hub.git"
    git(repo, "clone", "-q", "--bare", str(repo), str(hub))
    git(repo, "remote", "add", "origin", str(hub))
    record = make()
    tip = _two_commits(Path(record.path))
    git(hub, "fetch", "-q", str(repo), f"{tip}:{ref}")
    if fate != "never pushed":
        git(repo, "config", f"branch.{record.branch}.merge", f"refs/heads/{record.branch}")
    if fate == "pushed before the last commit":
        write(Path(record.path) / "more.txt", "more\n")
        commit_all(record.path, "more")
    git(repo, "merge", "-q", "--squash", record.branch)
    write(repo / "a.txt", "edited while it was merged\n")
    commit_all(repo, message)
    how = f"merged into main as {number}" if number else ""
    own = manager.own_work(record)
    assert own.merged == how
    assert bool(own.saved) == (not how)
    manager.delete(record, live_pids=none_alive)
    back = manager.restore("s1")
    assert git(back.path, "merge-base", tip, "HEAD") == tip


def test_the_remote_is_asked_once_and_without_the_lock(
    manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path
) -> None:
    hub, told = tmp_path / "hub.git", tmp_path / "told"
    git(repo, "clone", "-q", "--bare", str(repo), str(hub))
    git(repo, "remote", "add", "origin", str(hub))
    record = make()
    _two_commits(Path(record.path))
    git(repo, "config", f"branch.{record.branch}.merge", f"refs/heads/{record.branch}")
    write(repo / "run.sh", "#!/bin/sh\ntrue\n")
    commit_all(repo, "Something else (#7)")
    git(repo, "update-ref", "refs/remotes/origin/main", "HEAD")
    program = (
        f"#!{sys.executable}\nimport fcntl, os, pathlib, sys\n"
        f"told = open({str(told)!r}, 'a')\n"
        f"for lock in pathlib.Path({str(tmp_path / 'state/locks')!r}).iterdir():\n"
        "    try: fcntl.flock(os.open(lock, os.O_RDWR), fcntl.LOCK_EX | fcntl.LOCK_NB)\n"
        "    except BlockingIOError: told.write('held ')\n"
        "told.write('asked ')\ntold.close()\n"
        "os.execvp('git-upload-pack', sys.argv)\n"
    )
    write(tmp_path / "own", program).chmod(0o755)
    git(repo, "config", "--global", "remote.origin.uploadpack", str(tmp_path / "own"))
    manager.delete(record, live_pids=none_alive)
    assert told.read_text() == "asked "


def test_a_remote_that_does_not_answer_tells_of_no_merge(
    manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path
) -> None:
    git(repo, "remote", "add", "origin", str(tmp_path / "nowhere"))
    record = make()
    _two_commits(Path(record.path))
    git(repo, "config", f"branch.{record.branch}.merge", f"refs/heads/{record.branch}")
    write(repo / "run.sh", "#!/bin/sh\ntrue\n")
    commit_all(repo, "Something else (#7)")
    assert manager.own_work(record).merged == ""


def test_the_base_on_a_remote_counts(manager: WorktreeManager, make: Make, repo: Path) -> None:
    """Squashed on the server, fetched, not pulled."""
    record = make()
    _two_commits(Path(record.path))
    _squash(repo, record.branch)
    git(repo, "update-ref", "refs/remotes/origin/main", "HEAD")
    git(repo, "reset", "-q", "--hard", "HEAD~")
    assert manager.own_work(record).merged == "merged into origin/main by squash"


def test_work_that_undoes_itself_is_in_no_base(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record = make()
    _two_commits(Path(record.path))
    git(record.path, "revert", "--no-edit", "HEAD", "HEAD~")
    own = manager.own_work(record)
    assert own == OwnWork(saved=("4 commits not in main or on a remote",), skipped=())


def test_without_time_nothing_is_merged(make: Make, repo: Path) -> None:
    record = make()
    _two_commits(Path(record.path))
    _squash(repo, record.branch)
    bound = bound_git(record.path)
    assert merged.merged(bound, record, seconds=0) == ""
    assert merged.merged(bound, record) == "merged into main by squash"


def test_an_older_git_knows_no_merge_tree(
    make: Make, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = make()
    _two_commits(Path(record.path))
    git(repo, "checkout", record.branch, "--", ".")
    write(repo / "extra.txt", "beside\n")
    commit_all(repo, "by hand, with more")
    read = Git.read

    def older(self: Git, *args: str, **rest: object) -> object:
        words = ("no-such-command",) if args[0] == "merge-tree" else args
        return read(self, *words, **{**rest, "ok": (0, 1, 128, 129)})  # type: ignore[arg-type]

    monkeypatch.setattr(Git, "read", older)
    assert merged.merged(bound_git(record.path), record) == "its changes are in main"


def test_nothing_of_the_repository_is_run(
    manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path
) -> None:
    """Drivers that plain git would run while it compares."""
    proof = tmp_path / "ran"
    tool = write(tmp_path / "tool", f'#!/bin/sh\ntouch {proof}\ncat "$1"\n')
    tool.chmod(0o755)
    write(repo / ".gitattributes", "*.txt diff=evil merge=evil\n")
    commit_all(repo, "attributes")
    record = make()
    _two_commits(Path(record.path))
    _squash(repo, record.branch)
    for key in ("diff.evil.command", "diff.evil.textconv", "diff.external", "core.fsmonitor"):
        git(repo, "config", key, str(tool))
    git(repo, "config", "merge.evil.driver", f"{tool} %A")
    git(repo, "diff", "HEAD~")
    assert proof.exists()
    proof.unlink()
    assert manager.own_work(record).merged == "merged into main by squash"
    assert not proof.exists()


def test_looking_takes_no_lock(manager: WorktreeManager, make: Make, repo: Path) -> None:
    record = make()
    _two_commits(Path(record.path))
    admin = repo / ".git/worktrees/fix-login"
    for name in ("index.lock", "HEAD.lock"):
        write(admin / name, "")
    before = (admin / "index").read_bytes(), git(repo, "for-each-ref")
    assert manager.own_work(record).saved == ("2 commits not in main or on a remote",)
    assert ((admin / "index").read_bytes(), git(repo, "for-each-ref")) == before


def test_strange_names_are_counted(manager: WorktreeManager, make: Make) -> None:
    record = make()
    top = Path(record.path)
    for name in ("--force", "a\nb", "\x1b[31mred", ":(glob)**"):
        write(top / name, "x")
    (top / "-nested\n").mkdir()
    git(top / "-nested\n", "init", "-q")
    own = manager.own_work(record)
    assert own.saved == ("4 untracked files", "nested repositories: -nested\n/")
    assert sys.getfilesystemencoding() == "utf-8"
    assert os.path.lexists(top / "--force")
