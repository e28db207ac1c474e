"""Diffs of real worktrees: right base, right names, nothing touched."""

import os
from pathlib import Path

import pytest

from parallel_agents.core.diff import parse_hunks
from parallel_agents.core.errors import WorktreeError
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import (
    Make,
    commit_all,
    every_patch,
    git,
    one_patch,
    snapshot_of,
    whole_patch,
    write,
)
from tests.worktrees.test_repository import AWKWARD, LATIN1


def test_every_kind_of_change(manager: WorktreeManager, make: Make, repo: Path) -> None:
    write(repo / "move me.txt", "".join(f"line {n}\n" for n in range(20)))
    write(repo / "gone.txt", "gone\n")
    write(repo / "becomes-dir", "file\n")
    commit_all(repo, "more")
    record = make()
    top = Path(record.path)
    git(top, "mv", "move me.txt", "moved.txt")
    (top / "gone.txt").unlink()
    (top / "run.sh").chmod(0o644)
    (top / "link").unlink()
    (top / "link").symlink_to("src")
    write(top / "picture.bin", b"\x00\x01\xff")
    write(top / "latin.txt", b"caf\xe9\r\nform\x0cfeed\xe2\x80\xa8sep\nno end")
    (top / "becomes-dir").unlink()
    write(top / "becomes-dir/file", "x\n")
    write(top / "seen.log", "ignored")
    (top / "nested").mkdir()
    git(top / "nested", "init", "-q")
    stat = manager.diff_stat(record)
    found = {f.path: (f.status, f.insertions, f.deletions, f.binary) for f in stat.files}
    assert found == {
        "becomes-dir": ("D", 0, 1, False),
        "becomes-dir/file": ("A", 1, 0, False),
        "gone.txt": ("D", 0, 1, False),
        "latin.txt": ("A", 3, 0, False),
        "link": ("M", 1, 1, False),
        "moved.txt": ("R", 0, 0, False),
        "picture.bin": ("A", 0, 0, True),
        "run.sh": ("M", 0, 0, False),
    }
    moved = next(f for f in stat.files if f.path == "moved.txt")
    assert moved.old_path == "move me.txt"
    assert "rename from move me.txt" in one_patch(manager, record, "moved.txt")
    patches = every_patch(manager, record)
    assert "old mode 100755" in patches["run.sh"]
    assert parse_hunks(patches["picture.bin"]) == ()
    latin = parse_hunks(patches["latin.txt"])[0].lines
    assert [line.text for line in latin] == [
        "caf\udce9\r", "form\x0cfeed\u2028sep", "no end", " No newline at end of file",
    ]  # fmt: skip
    assert one_patch(manager, record, "a.txt") == ""
    assert one_patch(manager, record, "--output=x") == ""
    assert stat.changes.files == 8


@pytest.mark.parametrize("name", [*AWKWARD, LATIN1, "tab\there", "a\rb"])
def test_awkward_names(name: str, manager: WorktreeManager, make: Make) -> None:
    record = make()
    write(Path(record.path) / "d" / name, "x\n")
    git(record.path, "add", "-A") if len(name) % 2 else None
    assert [f.path for f in manager.diff_stat(record).files] == [f"d/{name}"]
    assert one_patch(manager, record, f"d/{name}").endswith("@@ -0,0 +1 @@\n+x\n")
    assert parse_hunks(every_patch(manager, record)[f"d/{name}"])[0].lines[0].text == "x"


def test_nothing_is_touched(manager: WorktreeManager, make: Make, repo: Path) -> None:
    record = make()
    top = Path(record.path)
    write(top / "a.txt", "staged\n")
    git(top, "add", "a.txt")
    write(top / "new.txt", "new\n")
    admin = repo / ".git/worktrees/fix-login"
    before = snapshot_of(repo / ".git"), (admin / "index").stat().st_mtime_ns
    manager.diff_stat(record)
    whole_patch(manager, record)
    manager.land_commands(record)
    manager.main_fingerprint(str(repo))
    assert (snapshot_of(repo / ".git"), (admin / "index").stat().st_mtime_ns) == before


def test_a_held_index_lock_does_not_matter(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record = make()
    write(repo / ".git/worktrees/fix-login/index.lock", "")
    write(Path(record.path) / "new.txt", "new\n")
    assert manager.diff_stat(record).changes.files == 1


def test_merging_the_base_does_not_count_as_work(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record = make()
    write(Path(record.path) / "mine.txt", "mine\n")
    commit_all(record.path, "mine")
    write(repo / "theirs.txt", "theirs\n")
    newer = commit_all(repo, "theirs")
    git(record.path, "merge", "-q", "main")
    stat = manager.diff_stat(record)
    assert [f.path for f in stat.files] == ["mine.txt"]
    assert (stat.against, stat.commit) == ("main", newer)


def test_a_base_that_was_rewritten_falls_back_to_its_commit(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    second = commit_all(repo, "second")
    record = make()
    git(repo, "checkout", "-q", "--orphan", "other")
    git(repo, "commit", "-q", "--allow-empty", "-m", "new history")
    git(repo, "branch", "-f", "main", "other")
    stat = manager.diff_stat(record)
    assert (stat.commit, stat.files) == (second, ())
    assert stat.against == f"main as of {second[:12]}"
    git(repo, "branch", "-D", "main")
    assert manager.diff_stat(record).commit == second


def test_an_index_that_is_gone_or_split(manager: WorktreeManager, make: Make, repo: Path) -> None:
    record = make()
    git(record.path, "update-index", "--split-index")
    write(Path(record.path) / "a.txt", "changed\n")
    assert [f.path for f in manager.diff_stat(record).files] == ["a.txt"]
    entry = manager.delete(record, live_pids=list)
    assert git(repo, "show", f"{entry.refs[0]}:a.txt") == "changed"
    record = manager.restore("s1")
    (repo / ".git/worktrees/fix-login/index").unlink()
    assert [f.path for f in manager.diff_stat(record).files] == ["a.txt"]


def test_a_missing_worktree_is_said(manager: WorktreeManager, make: Make) -> None:
    record = make()
    Path(record.path).rename(record.path + "-moved")
    for ask in (manager.diff_stat, manager.land_commands, manager.protection):
        with pytest.raises(WorktreeError, match="missing"):
            ask(record)


def test_what_is_told_of_the_main_checkout(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    seen = [manager.main_fingerprint(str(repo))]

    def changed() -> bool:
        seen.append(manager.main_fingerprint(str(repo)))
        return seen[-1] != seen[-2]

    record = make()
    write(Path(record.path) / "x", "x")
    commit_all(record.path, "in the worktree")
    assert not changed()
    write(repo / "a.txt", "changed\n")
    assert changed()
    write(repo / "a.txt", "changed again\n")
    assert changed()
    git(repo, "add", "a.txt")
    assert changed()
    git(repo, "commit", "-q", "-m", "x")
    assert changed()
    git(repo, "checkout", "-q", "-b", "elsewhere")
    assert changed()
    write(repo / "untracked", "x")
    assert changed()
    assert not changed()


def test_protection(manager: WorktreeManager, make: Make, repo: Path) -> None:
    record = make()
    assert manager.protection(record) == ()
    write(Path(record.path) / "x.txt", "x\n")
    assert manager.protection(record) == ("1 untracked file",)
    commit_all(record.path, "one")
    write(Path(record.path) / "y.txt", "y\n")
    commit_all(record.path, "two")
    assert manager.protection(record) == ("2 commits not in main or on a remote",)
    git(repo, "merge", "-q", "--squash", record.branch)
    git(repo, "commit", "-q", "-m", "squashed")
    assert manager.protection(record) == ("its commits are not: merged into main by squash",)


def test_what_is_on_a_remote_is_not_only_here(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record = make()
    write(Path(record.path) / "x.txt", "x\n")
    commit_all(record.path, "one")
    git(repo, "update-ref", f"refs/remotes/origin/{record.branch}", record.branch)
    assert manager.protection(record) == ()
    git(repo, "update-ref", "-d", f"refs/remotes/origin/{record.branch}")
    assert manager.protection(record) == ("1 commit not in main or on a remote",)
    git(repo, "update-ref", "refs/pull/7/head", record.branch)
    assert manager.protection(record) == ()


def test_the_commands_land_the_work(manager: WorktreeManager, make: Make, repo: Path) -> None:
    record = make()
    write(Path(record.path) / "new file", "x\n")
    commit, merge, pick = manager.land_commands(record)
    assert os.system(f"{commit} >/dev/null") == 0
    assert manager.land_commands(record) == (merge, pick)
    assert os.system(f"{merge} >/dev/null") == 0
    assert (repo / "new file").exists()
    git(repo, "reset", "-q", "--hard", "HEAD~1")
    assert os.system(f"{pick} >/dev/null") == 0
    assert (repo / "new file").exists()


def test_nothing_is_an_empty_patch(manager: WorktreeManager, make: Make) -> None:
    record = make()
    assert whole_patch(manager, record) == ""
    assert every_patch(manager, record) == {}
