"""The builder: hermetic, and disarmed by scope."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from parallel_agents.core.errors import GitError, RepositoryError
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.manager import WorktreeManager
from parallel_agents.worktrees.plumbing import git as builder, git_process
from parallel_agents.worktrees.plumbing.git import Git
from parallel_agents.worktrees.plumbing.git_process import CancelledError
from tests.worktrees.conftest import (
    Make,
    commit_all,
    git,
    none_alive,
    one_patch,
    whole_patch,
    write,
)


def everything(manager: WorktreeManager, repo: Path, record: WorktreeRecord) -> None:
    """Call whatever reads or writes a session's worktree."""
    found = manager.resolve(str(repo))
    write(Path(record.path) / "a.txt", "changed\n")
    write(Path(record.path) / "new.txt", "new\n")
    manager.diff_stat(record)
    whole_patch(manager, record)
    one_patch(manager, record, "a.txt")
    manager.main_fingerprint(str(repo))
    manager.land_commands(record)
    manager.protection(record)
    manager.executable_config(found, record.base_commit)
    manager.files(record.path, "")
    manager.refs(record.root, "")
    manager.resolve_base(found, "fresh")
    manager.delete(record, live_pids=none_alive)
    manager.restore(record.session)
    other = manager.slug(found, "other")
    base = manager.resolve_base(found, "head")
    manager.create(found, session="s9", slug=other, base=base)


POISON = """
[core]
    fsmonitor = {canary}
    sshCommand = {canary}
    pager = {canary}
    editor = {canary}
    askPass = {canary}
    gitProxy = {canary}
    alternateRefsCommand = {canary}
[filter "evil"]
    clean = {canary}
    smudge = {canary}
    process = {canary}
    required = true
[filter "a=b"]
    clean = {canary}
    smudge = {canary}
[diff "evil"]
    command = {canary}
    textconv = {canary}
[diff]
    external = {canary}
[merge "evil"]
    driver = {canary} %A
[credential]
    helper = {canary}
[pager]
    diff = {canary}
[gpg]
    program = {canary}
[commit]
    gpgSign = true
[remote "origin"]
    url = ext::{canary}
    uploadpack = {canary}
    fetch = +refs/heads/*:refs/remotes/origin/*
[submodule]
    recurse = true
"""


@pytest.mark.parametrize("where", ["config", "include", "config.worktree"])
def test_nothing_of_the_repository_runs(
    where: str, manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path, canary: Path
) -> None:
    write(repo / ".gitattributes", "*.txt filter=evil diff=evil merge=evil\n*.py filter=a=b\n")
    commit_all(repo, "attributes")
    poison = POISON.format(canary=canary)
    record = make()
    target = repo / ".git/config"
    if where == "include":
        write(repo / ".git/more", poison)
        poison = '[include]\n path = more\n[includeIf "gitdir:**"]\n path = more\n'
    elif where == "config.worktree":
        git(repo, "config", "extensions.worktreeConfig", "true")
        write(repo / ".git/config.worktree", poison)
        target = repo / ".git/worktrees/fix-login/config.worktree"
        target.touch()
    with target.open("a") as file:
        file.write(poison)
    for hook in ("post-checkout", "reference-transaction", "post-index-change", "pre-auto-gc"):
        write(repo / ".git/hooks" / hook, canary.read_bytes()).chmod(0o755)
    everything(manager, repo, record)
    assert not (tmp_path / "sang").exists()


def test_settings_for_new_worktrees_only_do_not_run(
    manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path, canary: Path
) -> None:
    write(repo / ".gitattributes", "*.txt filter=evil\n")
    commit_all(repo, "attributes")
    write(repo / ".git/more", POISON.format(canary=canary))
    with (repo / ".git/config").open("a") as file:
        file.write('[includeIf "gitdir:**/worktrees/**"]\n path = more\n')
        file.write('[includeIf "onbranch:worktree-**"]\n path = more\n')
    record = make()
    assert Path(record.path, "a.txt").read_text() == "one\ntwo\nthree\n"
    assert not (tmp_path / "sang").exists()


def test_a_nested_repository_runs_nothing(
    manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path, canary: Path
) -> None:
    record = make()
    nested = Path(record.path) / "nested"
    nested.mkdir()
    git(nested, "init", "-q")
    write(nested / "x.txt", "x")
    commit_all(nested, "x")
    git(record.path, "-c", "advice.addEmbeddedRepo=false", "add", "nested")
    git(nested, "config", "core.fsmonitor", str(canary))
    write(nested / "x.txt", "y")
    everything(manager, repo, record)
    assert not (tmp_path / "sang").exists()
    assert (nested / "x.txt").read_text() == "y"


ROT = "#!/bin/sh\ntr a-zA-Z n-za-mN-ZA-M\n"


def test_the_persons_own_filter_round_trips(
    manager: WorktreeManager, make: Make, repo: Path, home: Path
) -> None:
    write(home / "rot", ROT).chmod(0o755)
    git(repo, "config", "--global", "filter.rot.clean", str(home / "rot"))
    git(repo, "config", "--global", "filter.rot.smudge", str(home / "rot"))
    git(repo, "config", "--global", "filter.rot.required", "true")
    write(repo / ".gitattributes", "*.rot filter=rot\n")
    write(repo / "x.rot", "hello\n")
    commit_all(repo, "rot")
    assert git(repo, "show", "HEAD:x.rot") == "uryyb"
    record = make()
    top = Path(record.path)
    assert (top / "x.rot").read_text() == "hello\n"
    assert manager.diff_stat(record).changes.files == 0
    write(top / "y.rot", "secret\n")
    entry = manager.delete(record, live_pids=none_alive)
    assert git(repo, "show", f"{entry.refs[0]}:y.rot") == "frperg"
    manager.restore("s1")
    assert (top / "y.rot").read_text() == "secret\n"


def test_a_repository_cannot_replace_the_persons_filter(
    manager: WorktreeManager, make: Make, repo: Path, home: Path, tmp_path: Path, canary: Path
) -> None:
    write(home / "rot", ROT).chmod(0o755)
    for part in ("clean", "smudge"):
        git(repo, "config", "--global", f"filter.rot.{part}", str(home / "rot"))
    write(repo / ".gitattributes", "*.rot filter=rot\n")
    write(repo / "x.rot", "hello\n")
    commit_all(repo, "rot")
    for part in ("clean", "smudge"):
        git(repo, "config", f"filter.rot.{part}", str(canary))
    record = make()
    assert Path(record.path, "x.rot").read_text() == "hello\n"
    git(repo, "config", "filter.rot.process", str(canary))
    with pytest.raises(GitError, match=r"filter .?rot.? failed"):  # rather than plain text
        make("s2", "second")
    assert not (tmp_path / "sang").exists()


@pytest.mark.parametrize(
    ("line", "kept"), [("git-lfs clean -- %f", True), ("git-lfs clean -- %f; touch x", False)]
)
def test_stock_lfs_lines_of_the_repository_stay(repo: Path, line: str, kept: bool) -> None:
    git(repo, "config", "filter.lfs.clean", line)
    found = Git(str(repo)).read("config", "--get", "filter.lfs.clean", ok=(0, 1)).line
    assert found == (line if kept else "")


def test_inherited_variables_do_not_reach_git(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.name")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "intruder")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert Git(str(repo)).read("rev-parse", "--show-toplevel").text == str(repo)
    assert Git(str(repo)).read("config", "user.name").line == "Somebody"


def test_a_call_ends_at_its_deadline_with_its_group(repo: Path, tmp_path: Path, home: Path) -> None:
    mark = tmp_path / "pid"
    write(home / "slow", f"#!/bin/sh\necho $$ > {mark}\nexec sleep 300\n").chmod(0o755)
    git(repo, "config", "--global", "filter.slow.clean", str(home / "slow"))
    write(repo / ".gitattributes", "*.slow filter=slow\n")
    write(repo / "x.slow", "x")
    with pytest.raises(GitError, match="did not end in time") as caught:
        Git(str(repo)).write("add", "x.slow", seconds=1.0)
    assert caught.value.returncode == -1
    assert caught.value.hint
    pid = int(mark.read_text())
    deadline = time.monotonic() + 10
    while _runs(pid) and time.monotonic() < deadline:
        os.sched_yield()
    assert not _runs(pid)
    assert not (repo / ".git/index.lock").exists()


def test_an_answer_counts_however_late_we_look_at_it(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A supervisor that was held for an hour finds that its git ended long ago."""
    held = Git(str(repo))
    held.read("rev-parse", "--verify", "HEAD")
    started = git_process._started
    running: list[subprocess.Popen[bytes]] = []

    def remembered(task: git_process.Task) -> subprocess.Popen[bytes]:
        running.append(started(task))
        return running[-1]

    def once_it_has_ended() -> float:
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, running[-1].pid, os.WEXITED | os.WNOWAIT)
        return 3600.0

    monkeypatch.setattr(git_process, "_started", remembered)
    began = iter([1.0])
    monkeypatch.setattr(
        git_process,
        "time",
        SimpleNamespace(monotonic=lambda: next(began, None) or once_it_has_ended()),
    )
    assert held.read("rev-parse", "--show-toplevel").text == str(repo)


def _runs(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_a_call_can_be_cancelled(repo: Path, home: Path) -> None:
    write(home / "slow", "#!/bin/sh\nexec sleep 300\n").chmod(0o755)
    git(repo, "config", "--global", "filter.slow.clean", str(home / "slow"))
    write(repo / ".gitattributes", "*.slow filter=slow\n")
    write(repo / "x.slow", "x")
    with pytest.raises(CancelledError):
        Git(str(repo)).write("add", "x.slow", cancelled=lambda: True)


def test_a_held_lock_is_waited_for(repo: Path) -> None:
    lock = write(repo / ".git/index.lock", "")
    write(repo / "new.txt", "x")
    code = "import sys, time, pathlib; sys.stdin.readline(); pathlib.Path(sys.argv[1]).unlink()"
    with subprocess.Popen([sys.executable, "-c", code, str(lock)], stdin=subprocess.PIPE) as child:
        assert child.stdin is not None
        child.stdin.write(b"\n")
        child.stdin.close()
        Git(str(repo)).write("add", "new.txt")
    assert "new.txt" in git(repo, "ls-files")


def test_a_lock_that_stays_is_named_and_left_alone(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "_LOCK_WAITS", (0.01,))
    lock = write(repo / ".git/index.lock", "")
    with pytest.raises(GitError, match=r"index\.lock") as caught:
        Git(str(repo)).write("add", "a.txt")
    assert "lock" in caught.value.hint
    assert lock.exists()


def test_an_old_git_is_refused(
    tmp_path: Path, repo: Path, manager: WorktreeManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "bin/git", "#!/bin/sh\necho git version 2.34.1\n").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    with pytest.raises(RepositoryError, match=r"2\.34\.1 is too old") as caught:
        manager.resolve(str(repo))
    assert "2.36" in caught.value.hint


def test_a_missing_git_is_said(
    repo: Path, manager: WorktreeManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(GitError, match="not found") as caught:
        manager.resolve(str(repo))
    assert "PATH" in caught.value.hint


def test_a_hanging_remote_delays_little(manager: WorktreeManager, repo: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:  # accepts, and never answers
        git(repo, "remote", "add", "origin", f"git://127.0.0.1:{server.getsockname()[1]}/x")
        found = manager.resolve(str(repo))
        base = manager.resolve_base(found, "fresh")
        assert (base.name, base.commit) == ("main", found.head)
        assert "did not end in time" in base.note
        again = manager.resolve_base(found, "fresh")
        assert "did not answer a short while ago" in again.note


def test_words_of_git_are_made_safe() -> None:
    assert builder.said(b"\x1b]0;title\x07fatal: x\nhint: y\n") == " ]0;title fatal: x"


def test_files_get_the_persons_rights(tmp_path: Path, repo: Path) -> None:
    before = os.umask(0o077)
    try:
        manager = WorktreeManager(tmp_path / "state", umask=0o022)
        found = manager.resolve(str(repo))
        base = manager.resolve_base(found, "head")
        record = manager.create(found, session="s", slug="x", base=base)
        top = Path(record.path)
        assert top.stat().st_mode & 0o777 == 0o755
        assert (repo / ".claude").stat().st_mode & 0o777 == 0o755
        assert (top / "a.txt").stat().st_mode & 0o777 == 0o644
        assert (tmp_path / "state/locks").stat().st_mode & 0o777 == 0o700
    finally:
        os.umask(before)
        Git.umask = -1


def test_a_killed_supervisors_git_keeps_the_lock(tmp_path: Path, repo: Path, home: Path) -> None:
    """The next one waits until that git has ended, and only then cleans up."""
    go = tmp_path / "go"
    os.mkfifo(go)
    write(home / "slow", f"#!/bin/sh\ntouch {tmp_path}/in\ncat {go} >/dev/null\ncat\n").chmod(0o755)
    git(repo, "config", "--global", "filter.slow.smudge", str(home / "slow"))
    write(repo / ".gitattributes", "*.slow filter=slow\n")
    write(repo / "x.slow", "x")
    commit_all(repo, "slow")
    code = (
        "import sys; from pathlib import Path;"
        "from parallel_agents.worktrees.manager import WorktreeManager;"
        "from tests.worktrees.test_failpoints import run_create;"
        "run_create(WorktreeManager(Path(sys.argv[1])), Path(sys.argv[2]))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "state"), str(repo)],
        env=environment,
        cwd=Path(__file__).parents[2],
    ) as child:
        deadline = time.monotonic() + 30
        while not (tmp_path / "in").exists():
            assert child.poll() is None
            assert time.monotonic() < deadline
        child.send_signal(signal.SIGKILL)
    manager = WorktreeManager(tmp_path / "state")
    found = manager.resolve(str(repo))
    with (
        pytest.raises(GitError, match="another operation"),
        manager._locks.hold(found.common_dir, 0.1),
    ):
        pass
    git(repo, "config", "--global", "filter.slow.smudge", "cat")
    with go.open("wb"):
        pass
    base = manager.resolve_base(found, "head")
    record = manager.create(found, session="s1", slug="fix-login", base=base)
    assert Path(record.path, "x.slow").read_text() == "x"
