"""Deletion: what it refuses, what it keeps, and that all of it comes back."""

import os
import shutil
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from parallel_agents.core.errors import NoSuchSessionError, RefusedError, UsageError
from parallel_agents.worktrees.filesystem.files import write_json
from parallel_agents.worktrees.manager import WorktreeManager
from parallel_agents.worktrees.remove import removal
from tests.worktrees.conftest import Make, commit_all, git, none_alive, snapshot_of, write
from tests.worktrees.test_repository import AWKWARD, LATIN1


def mess(top: Path) -> None:
    """Leave work of every kind, under every kind of name."""
    write(top / "committed.txt", "c\n")
    git(top, "add", "committed.txt")
    git(top, "commit", "-q", "-m", "own commit")
    write(top / "a.txt", "staged\n")
    git(top, "add", "a.txt")
    write(top / "a.txt", "and then changed\r\nmixed\n")
    git(top, "mv", "src/b.py", "src/renamed.py")
    (top / "run.sh").chmod(0o644)
    (top / "link").unlink()
    (top / "link").symlink_to("/etc/passwd")
    for name in [*AWKWARD, LATIN1, "Case", "case", "e\u0301", "é"]:
        write(top / "names" / name, name.encode("utf-8", "surrogateescape"))
    write(top / "intent.txt", "to be added")
    git(top, "add", "-N", "intent.txt")
    write(top / "tool", b"\x00\xff\x00binary").chmod(0o755)
    write(top / "debug.log", "ignored\n")
    write(top / "ignored/deep/x", "ignored, too")
    (top / "empty/below").mkdir(parents=True)
    os.mkfifo(top / "fifo")
    nested = top / "nested"
    nested.mkdir()
    git(nested, "init", "-q")
    write(nested / "inner.txt", "inner")
    commit_all(nested, "inner")
    write(nested / "uncommitted.txt", "inner, uncommitted")
    (top / "unborn").mkdir()
    git(top / "unborn", "init", "-q")
    write(top / "unborn/file", "in a repository without commits")
    (top / "ignored/readonly").mkdir()
    write(top / "ignored/readonly/m", "module").chmod(0o444)
    (top / "ignored/readonly").chmod(0o555)


def look(top: Path) -> tuple[object, ...]:
    """All that a person could see of a worktree."""
    return (
        snapshot_of_all(top),
        git(top, "status", "--porcelain=v2", "-z", "--ignored", "--untracked-files=all"),
        git(top, "ls-files", "--stage", "-z"),
        git(top, "log", "--format=%H %s"),
        git(top, "diff", "--cached"),
        git(top, "symbolic-ref", "HEAD"),
        git(top / "nested", "status", "--porcelain") if (top / "nested").exists() else "",
    )


def snapshot_of_all(top: Path) -> object:
    fifos = [p.name for p in top.iterdir() if stat.S_ISFIFO(p.lstat().st_mode)]
    for name in fifos:
        (top / name).unlink()
    found = snapshot_of(top)
    for name in fifos:
        os.mkfifo(top / name)
    return found, fifos


def test_everything_comes_back(manager: WorktreeManager, make: Make, repo: Path) -> None:
    record = make()
    top = Path(record.path)
    mess(top)
    main = snapshot_of(repo / "src"), git(repo, "status", "--porcelain"), git(repo, "log")
    before = look(top)
    entry = manager.delete(record, live_pids=none_alive)
    assert not top.exists()
    assert "nested repositories: nested/, unborn/" in entry.saved
    assert entry.size_bytes is None
    manager.settle()
    assert (manager.trash()[0].size_bytes or 0) > 1000
    assert entry.tree is not None
    back = manager.restore("s1")
    assert look(top) == before
    assert manager.verify(back) is None
    assert (snapshot_of(repo / "src"), git(repo, "status", "--porcelain"), git(repo, "log")) == main
    git(repo, "fsck", "--strict")


def test_it_comes_back_after_a_collection_of_garbage(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record = make()
    top = Path(record.path)
    mess(top)
    before = look(top)
    manager.delete(record, live_pids=none_alive)
    git(repo, "reflog", "expire", "--expire=now", "--all")
    git(repo, "gc", "-q", "--prune=now")
    manager.restore("s1")
    assert look(top) == before
    git(top, "fsck", "--strict")


def test_tracked_and_untracked_files_come_back_from_the_commits_alone(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    """The kept directory was lost, with git's own directory for the worktree."""
    record = make()
    top = Path(record.path)
    mess(top)
    shutil.rmtree(top / "nested")
    shutil.rmtree(top / "unborn")
    before = snapshot_of(top / "names"), snapshot_of(top / "src"), git(top, "diff", "--cached")
    entry = manager.delete(record, live_pids=none_alive)
    assert entry.tree is not None
    for lost in (Path(entry.tree), Path(entry.tree).parent / "admin"):
        subprocess.run(["chmod", "-R", "u+rwx", str(lost)], check=True)  # without root's rights
        subprocess.run(["rm", "-rf", str(lost)], check=True)
    git(repo, "gc", "-q", "--prune=now")
    manager.restore("s1")
    assert (top / "a.txt").read_bytes() == b"and then changed\r\nmixed\n"
    assert (top / "link").readlink() == Path("/etc/passwd")
    assert (top / "tool").stat().st_mode & 0o111
    assert (snapshot_of(top / "names"), snapshot_of(top / "src")) == before[:2]
    assert git(top, "log", "-1", "--format=%s") == "own commit"


@pytest.mark.parametrize("state", ["detached", "switched", "orphan", "conflict", "rebase"])
def test_head_in_every_state(state: str, manager: WorktreeManager, make: Make, repo: Path) -> None:
    record = make()
    top = Path(record.path)
    first = git(top, "rev-parse", "HEAD")
    write(top / "a.txt", "theirs\n")
    commit_all(top, "theirs")
    if state == "detached":
        git(top, "checkout", "-q", "--detach", first)
    elif state == "switched":
        git(top, "checkout", "-q", "-b", "agents-own", first)
    elif state == "orphan":
        git(top, "checkout", "-q", "--orphan", "new-start")
    else:
        git(top, "checkout", "-q", "-b", "agents-own", first)
        write(top / "a.txt", "ours\n")
        commit_all(top, "ours")
        verb = "merge" if state == "conflict" else "rebase"
        subprocess.run(
            ["git", "-C", str(top), verb, "-q", record.branch], capture_output=True, check=False
        )
    before = (
        snapshot_of(top),
        git(top, "status"),
        git(top, "ls-files", "--stage"),
        git(repo, "for-each-ref", "refs/heads"),
    )
    entry = manager.delete(record, live_pids=none_alive)
    git(repo, "gc", "-q", "--prune=now")
    unfinished = {"conflict": "an unfinished merge", "rebase": "an unfinished rebase"}
    assert [s for s in entry.saved if "unfinished" in s] == [*filter(None, [unfinished.get(state)])]
    manager.restore("s1")
    after = git(top, "status"), git(top, "ls-files", "--stage")
    assert (snapshot_of(top), *after, git(repo, "for-each-ref", "refs/heads")) == before


def test_no_identity_is_needed(
    manager: WorktreeManager, make: Make, home: Path, repo: Path
) -> None:
    record = make()
    write(home / ".gitconfig", "[user]\n useConfigOnly = true\n")
    entry = manager.delete(record, live_pids=none_alive)
    author = git(repo, "log", "-1", "--format=%an <%ae>", entry.refs[0])
    assert author == "parallel-agents <parallel-agents@localhost>"


def test_ignored_files_never_become_objects(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record = make()
    write(Path(record.path) / ".env", "SECRET-IN-ENV")
    write(Path(record.path) / "plain.txt", "plain")
    entry = manager.delete(record, live_pids=none_alive)
    kept = git(repo, "ls-tree", "-r", "--name-only", entry.refs[0]).split("\n")
    assert "plain.txt" in kept
    assert ".env" not in kept
    objects = git(repo, "cat-file", "--batch-all-objects", "--batch", "--unordered")
    assert "SECRET-IN-ENV" not in objects


def test_what_is_skipped_is_named(manager: WorktreeManager, make: Make, repo: Path) -> None:
    write(repo / ".worktreeinclude", ".env\n*.log\n")
    write(repo / ".env", "A=1")
    write(repo / "x.log", "log")
    commit_all(repo, "include")
    record = make()
    top = Path(record.path)
    assert [file.path for file in record.copied] == [".env", "x.log"]
    write(top / "x.log", "log, changed here")
    write(top / "node_modules/m.js", "m")
    write(top / "sub/node_modules/m.js", "m")
    write(top / "dist/kept.js", "untracked, so it is work")
    write(top / "ignored/target/x", "in another ignored directory")
    entry = manager.delete(record, live_pids=none_alive)
    assert entry.skipped == ("node_modules", "sub/node_modules", ".env")
    manager.restore("s1")
    assert (top / ".env").read_text() == "A=1"
    assert (top / "x.log").read_text() == "log, changed here"
    assert (top / "dist/kept.js").exists()
    assert (top / "ignored/target/x").exists()
    assert not (top / "node_modules").exists()


def test_a_skipped_name_that_is_a_link_is_kept(
    manager: WorktreeManager, make: Make, tmp_path: Path
) -> None:
    write(tmp_path / "outside/x", "precious")
    top = Path(make().path)
    record = make("s2", "second")
    (top / "ignored").symlink_to(tmp_path / "outside")
    (Path(record.path) / "node_modules").symlink_to(tmp_path / "outside")
    manager.delete(record, live_pids=none_alive)
    assert manager.empty_trash() == ("s2",)
    assert (tmp_path / "outside/x").read_text() == "precious"


def refused(manager: WorktreeManager, record: object, match: str) -> None:
    with pytest.raises(RefusedError, match=match):
        manager.delete(record, live_pids=none_alive)  # type: ignore[arg-type]
    assert manager.trash() == ()


def test_the_gate(manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path) -> None:
    record = make()
    top = Path(record.path)
    with pytest.raises(RefusedError, match="still alive"):
        manager.delete(record, live_pids=lambda: [1234])
    refused(manager, replace(record, path=str(repo)), "not one of our worktrees")
    refused(manager, replace(record, path=str(repo), slug="repo"), "not one of our worktrees")
    git(repo, "worktree", "unlock", str(top))
    git(repo, "worktree", "lock", "--reason", "claude session x (pid 1 start 2)", str(top))
    refused(manager, record, "is locked: claude session x")
    git(repo, "worktree", "unlock", str(top))
    assert (top / "a.txt").exists()
    assert manager.delete(record, live_pids=none_alive).branch == record.branch


def test_a_process_at_work_inside_is_a_reason_to_refuse(
    manager: WorktreeManager, make: Make
) -> None:
    record = make()
    with subprocess.Popen(["cat"], cwd=Path(record.path) / "src", stdin=subprocess.PIPE) as child:
        with pytest.raises(RefusedError, match=rf"cat \({child.pid}\)"):
            manager.delete(record, live_pids=none_alive)
        assert child.stdin is not None
        child.stdin.close()
    manager.delete(record, live_pids=none_alive)


def test_gone_by_hand(manager: WorktreeManager, make: Make, repo: Path) -> None:
    record = make()
    top = Path(record.path)
    write(top / "x.txt", "committed")
    tip = commit_all(top, "work")
    write(top / "staged.txt", "staged")
    git(top, "add", "staged.txt")
    shutil.rmtree(top)
    assert [f.kind for f in manager.reconcile([record])] == ["missing"]
    entry = manager.delete(record, live_pids=none_alive)
    assert entry.tip == tip
    assert "gone already" in entry.saved[0]
    assert entry.tree is None
    assert git(repo, "branch", "--format=%(refname:short)") == "main"
    assert manager.delete(record, live_pids=none_alive) == entry
    git(repo, "gc", "-q", "--prune=now")
    back = manager.restore("s1")
    assert manager.verify(back) is None
    assert (top / "x.txt").read_text() == "committed"
    assert git(top, "diff", "--cached", "--name-only") == "staged.txt"
    assert (top / "staged.txt").read_text() == "staged"


def test_gone_with_everything(manager: WorktreeManager, make: Make, repo: Path) -> None:
    record = make()
    git(repo, "worktree", "remove", "-f", "-f", record.path)
    git(repo, "branch", "-D", record.branch)
    entry = manager.delete(record, live_pids=none_alive)
    assert (entry.tip, entry.refs) == (None, ())
    with pytest.raises(RefusedError, match="nothing can be restored"):
        manager.restore("s1")
    assert manager.empty_trash() == ("s1",)


def test_delete_says_the_same_twice(manager: WorktreeManager, make: Make) -> None:
    record = make()
    manager.delete(record, live_pids=none_alive)
    manager.settle()
    first = manager.delete(record, live_pids=none_alive)
    assert manager.delete(record, live_pids=none_alive) == first
    assert WorktreeManager(Path(str(first.tree)).parents[2]).trash() == (first,)


def test_delete_restore_delete_restore(manager: WorktreeManager, make: Make) -> None:
    record = make()
    top = Path(record.path)
    for round_ in range(3):
        write(top / "round.txt", f"{round_}")
        manager.delete(record, live_pids=none_alive)
        record = manager.restore("s1")
        assert (top / "round.txt").read_text() == f"{round_}"
        assert manager.restore("s1") == record
    assert manager.reconcile([record]) == ()


def test_the_trash_may_be_on_another_filesystem(
    manager: WorktreeManager, make: Make, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = make()
    top = Path(record.path)
    mess(top)
    before = look(top)
    beside = top.parent / ".trash-s1"
    monkeypatch.setattr(removal, "_destination", lambda _: beside)
    entry = manager.delete(record, live_pids=none_alive)
    assert entry.tree == str(beside)
    assert git(repo, "status", "--porcelain") == ""
    manager.restore("s1")
    assert look(top) == before
    assert not beside.exists()


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second filesystem")
def test_really_another_filesystem(make: Make, repo: Path, tmp_path: Path) -> None:
    state = Path(f"/dev/shm/pa-test-{os.getpid()}")
    try:
        manager = WorktreeManager(state)
        record = make()
        if state.parent.stat().st_dev == repo.stat().st_dev:
            pytest.skip("one filesystem only")
        mess(Path(record.path))
        before = look(Path(record.path))
        entry = manager.delete(record, live_pids=none_alive)
        assert entry.tree == str(Path(record.path).parent / ".trash-s1")
        manager.restore("s1")
        assert look(Path(record.path)) == before
    finally:
        shutil.rmtree(state, ignore_errors=True)


def test_restore_overwrites_nothing(manager: WorktreeManager, make: Make, repo: Path) -> None:
    record = make()
    commit_all(record.path, "work")
    with pytest.raises(NoSuchSessionError):
        manager.restore("s1")
    manager.delete(record, live_pids=none_alive)
    write(Path(record.path) / "stray", "an agent wrote here")
    with pytest.raises(RefusedError, match="exists"):
        manager.restore("s1")
    assert (Path(record.path) / "stray").exists()
    shutil.rmtree(record.path)
    git(repo, "branch", record.branch, "main")
    with pytest.raises(RefusedError, match="other commits"):
        manager.restore("s1")
    git(repo, "branch", "-D", record.branch)
    assert manager.verify(manager.restore("s1")) is None


def test_a_stray_directory_does_not_stop_a_deletion(
    manager: WorktreeManager, make: Make, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A live agent writes under the old path between the rename and the rest."""
    record = make()
    monkeypatch.setenv("PA_FAILPOINT", "delete.renamed:EIO")
    with pytest.raises(Exception, match="delete the worktree"):
        manager.delete(record, live_pids=none_alive)
    monkeypatch.delenv("PA_FAILPOINT")
    write(Path(record.path) / "stray", "x")
    manager.delete(record, live_pids=none_alive)
    assert (Path(record.path) / "stray").exists()
    assert git(repo, "worktree", "list", "--porcelain").count("worktree ") == 1


def test_gits_name_for_the_worktree_may_be_taken_since(
    manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path
) -> None:
    record = make()
    manager.delete(record, live_pids=none_alive)
    git(repo, "worktree", "add", "-q", "--detach", str(tmp_path / "fix-login"))
    back = manager.restore("s1")
    assert back.git_file.endswith("worktrees/fix-login1")
    assert manager.verify(back) is None
    assert git(back.path, "status", "--porcelain") == ""


def test_empty_trash_by_age(manager: WorktreeManager, make: Make, repo: Path) -> None:
    old, new = make("old", "old"), make("new", "new")
    entry = manager.delete(old, live_pids=none_alive)
    manager.delete(new, live_pids=none_alive)
    file = repo.parent / "state/trash/old/entry.json"
    file.write_text(file.read_text().replace(str(entry.deleted_at_ms), "1000"))
    assert manager.empty_trash(older_than_ms=30 * 86_400_000) == ("old",)
    assert [e.session for e in manager.trash()] == ["new"]
    assert git(repo, "for-each-ref", "--format=%(refname)", "refs/parallel-agents") == (
        "refs/parallel-agents/trash/new"
    )
    shutil.rmtree(repo)
    assert manager.empty_trash() == ("new",)
    assert manager.trash() == ()


def test_an_unreadable_entry_is_reported(manager: WorktreeManager, repo: Path) -> None:
    place = repo.parent / "state/trash/s7"
    place.mkdir(parents=True)
    (place / "entry.json").write_text('{"session": "s7"')
    assert manager.trash() == ()
    assert [(f.kind, f.session) for f in manager.reconcile([])] == [("trash", "s7")]
    write_json(place / "plan.json", {})
    assert "not finished" in manager.reconcile([])[0].reason
    with pytest.raises(UsageError):
        manager.restore("../../etc")


def test_a_branch_that_moves_meanwhile_is_kept(
    manager: WorktreeManager, make: Make, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = make()
    monkeypatch.setenv("PA_FAILPOINT", "delete.admin:EIO")
    with pytest.raises(Exception, match="delete the worktree"):
        manager.delete(record, live_pids=none_alive)
    monkeypatch.delenv("PA_FAILPOINT")
    other = commit_all(repo, "other")
    git(repo, "branch", "-f", record.branch, other)
    entry = manager.delete(record, live_pids=none_alive)
    assert any(f"the branch {record.branch} stays" in note for note in entry.notes)
    assert git(repo, "rev-parse", record.branch) == other
    with pytest.raises(RefusedError, match="with other commits"):
        manager.restore("s1")


def test_lost_locks_are_reported_and_put_back(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record, other = make(), make("s2", "other")
    git(repo, "worktree", "unlock", record.path)
    git(repo, "worktree", "unlock", other.path)
    git(repo, "worktree", "lock", "--reason", "mine", other.path)
    found = {f.session: f.kind for f in manager.reconcile([record, other])}
    assert found == {"s1": "unlocked", "s2": "foreign-lock"}
    manager.relock(record)
    assert [f.session for f in manager.reconcile([record, other])] == ["s2"]
    assert [(f.kind, f.session) for f in manager.reconcile([other])][1:] == [("unknown", "s1")]


def test_a_socket_in_the_worktree_is_no_obstacle(manager: WorktreeManager, make: Make) -> None:
    record = make()
    with socket.socket(socket.AF_UNIX) as server:
        before = Path.cwd()
        os.chdir(record.path)
        try:
            server.bind("s")
        finally:
            os.chdir(before)
        manager.delete(record, live_pids=none_alive)
        manager.restore("s1")
    assert stat.S_ISSOCK((Path(record.path) / "s").lstat().st_mode)


def test_changes_in_the_same_instant_are_saved(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    """Same size, same time as the index: only the index's own time tells git to look."""
    record = make()
    top = Path(record.path)
    write(top / "a.txt", "aaaa\n")
    git(top, "add", "a.txt")
    stamp = (top / "a.txt").stat().st_mtime_ns
    index = repo / ".git/worktrees/fix-login/index"
    write(top / "a.txt", "bbbb\n")
    os.utime(top / "a.txt", ns=(stamp, stamp))
    os.utime(index, ns=(stamp, stamp))
    deadline = time.time_ns() + 20_000_000
    while time.time_ns() < deadline:
        os.sched_yield()
    entry = manager.delete(record, live_pids=none_alive)
    assert git(repo, "show", f"{entry.refs[0]}:a.txt") == "bbbb"


def test_what_the_manual_says_of_git_clean(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record = make()
    write(Path(record.path) / "work.txt", "work")
    for safe in (("-fdx",), ("-ffd",), ("-ffdx", "-e", ".claude/worktrees")):
        git(repo, "clean", *safe)
        assert manager.verify(record) is None
        assert (Path(record.path) / "work.txt").exists()
    git(repo, "clean", "-ffdx")
    assert "missing" in (manager.verify(record) or "")
    assert "gone already" in manager.delete(record, live_pids=none_alive).saved[0]


def test_the_persons_own_repository_is_never_touched(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    write(repo / "a.txt", "work in progress\n")
    git(repo, "add", "a.txt")
    write(repo / "a.txt", "and more\n")
    write(repo / "untracked.txt", "x")
    write(repo / "ignored/x", "x")
    git(repo, "stash", "push", "-q", "-u", "--", "untracked.txt")
    kept = ("HEAD", "config", "index", "logs/HEAD", "refs/heads/main", "refs/stash", "packed-refs")

    def own() -> object:
        files = {
            n: v for n, v in snapshot_of(repo).items() if not n.startswith((".git", ".claude"))
        }
        inside = {n: (repo / ".git" / n).read_bytes() for n in kept if (repo / ".git" / n).exists()}
        stamps = (repo / ".git/index").stat().st_mtime_ns
        return files, inside, stamps, sorted(p.name for p in (repo / ".git/hooks").iterdir())

    before = own()
    record = make()
    mess(Path(record.path))
    manager.diff_stat(record)
    manager.main_fingerprint(str(repo))
    manager.delete(record, live_pids=none_alive)
    manager.restore("s1")
    manager.delete(record, live_pids=none_alive)
    manager.empty_trash()
    assert own() == before
    assert git(repo, "worktree", "list", "--porcelain").count("worktree ") == 1
    assert git(repo, "for-each-ref", "--format=%(refname)") == "refs/heads/main\nrefs/stash"
