"""What a person names to compare with: commits, other bases; resolved once, never fetched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from parallel_agents.core.errors import GitError, TreeGoneError, UsageError
from parallel_agents.core.value import replace
from parallel_agents.core.worktree import DiffPart, WorktreeRecord
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import Make, commit_all, git, snapshot_of, write

ODD = ["", "--all", "-1", "no such", "a\0b", "@{", "--output=/tmp/x", "HEAD:a.txt", "\x1b[31m", "~"]


def paths(manager: WorktreeManager, record: WorktreeRecord, *parts: DiffPart) -> set[str]:
    return {file.path for file in manager.diff_between(record, parts, "").files}


def at_work(make: Make) -> tuple[WorktreeRecord, Path]:
    record = make()
    return record, Path(record.path)


def test_the_commits_of_the_work_are_listed_and_none_of_the_base(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record, top = at_work(make)
    assert manager.commits(record) == ()
    write(top / "one.txt", "1\n")
    first = commit_all(top, "add one\n\nand say why")
    write(repo / "base.txt", "b\n")
    commit_all(repo, "of the base")
    git(top, "merge", "-q", "--no-edit", "main")
    write(top / "odd.txt", "o\n")
    last = commit_all(top, "an \x1b[31modd\x1b[0m subject")
    listed = manager.commits(record)
    subjects = [commit.subject for commit in listed]
    assert subjects[0] == "an \x1b[31modd\x1b[0m subject"
    assert subjects[-1] == "add one"
    assert "of the base" not in subjects
    assert (listed[0].hash, listed[-1].hash) == (last, first)
    assert listed[0].at == 1000 * int(git(top, "log", "-1", "--format=%ct"))


def test_a_commit_is_compared_with_its_first_parent(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record, top = at_work(make)
    write(top / "one.txt", "1\n")
    first = commit_all(top, "one")
    write(repo / "base.txt", "b\n")
    commit_all(repo, "of the base")
    git(top, "merge", "-q", "--no-edit", "main")
    assert paths(manager, record, manager.one_commit(record, first)[1]) == {"one.txt"}
    assert paths(manager, record, manager.one_commit(record, "HEAD")[1]) == {"base.txt"}
    assert paths(manager, record, manager.one_commit(record, "HEAD~")[1]) == {"one.txt"}
    root = git(top, "rev-list", "--max-parents=0", "HEAD")
    found, part = manager.one_commit(record, root)
    assert found.subject == "first"
    every = set(git(top, "ls-tree", "-r", "--name-only", root).split("\n"))
    assert paths(manager, record, part) == every
    patch = manager.diff_patch(record, (part,))
    assert patch.count("new file mode") == len(every)


def test_what_came_in_by_a_merge_is_not_shown_against_another_base(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    git(repo, "switch", "-qc", "release")
    write(repo / "release.txt", "r\n")
    commit_all(repo, "of the release")
    git(repo, "switch", "-q", "main")
    record, top = at_work(make)
    start = git(top, "rev-parse", "HEAD")
    write(top / "mine.txt", "m\n")
    commit_all(top, "mine")
    assert manager.fork(record, "release") == start
    git(top, "merge", "-q", "--no-edit", "release")
    fork = manager.fork(record, "release")
    assert fork == git(repo, "rev-parse", "release")
    now = manager.diff_stat(record).parts[0]
    assert paths(manager, record, replace(now, base=fork)) == {"mine.txt"}


def test_a_pull_request_counts_as_it_was_fetched(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record, top = at_work(make)
    with pytest.raises(GitError, match="names no commit"):
        manager.fork(record, "#12")
    head = git(top, "rev-parse", "HEAD")
    git(repo, "update-ref", "refs/parallel-agents/pr/12", head)
    assert manager.fork(record, "#12") == head


@pytest.mark.parametrize("name", ODD)
def test_odd_names_are_refused_and_reach_nothing(
    name: str, manager: WorktreeManager, make: Make
) -> None:
    record, _ = at_work(make)
    before = snapshot_of(Path(record.root))
    for ask in (manager.fork, manager.one_commit):
        with pytest.raises((GitError, UsageError)):
            ask(record, name)
    assert snapshot_of(Path(record.root)) == before


def test_a_name_with_two_meanings_is_refused(manager: WorktreeManager, make: Make) -> None:
    record, top = at_work(make)
    git(top, "branch", "twice")
    git(top, "tag", "twice")
    with pytest.raises(UsageError, match="means several things"):
        manager.fork(record, "twice")


def test_a_branch_without_common_history_is_refused(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record, _ = at_work(make)
    alone = git(repo, "commit-tree", "-m", "alone", f"{git(repo, 'write-tree')}")
    git(repo, "branch", "alone", alone)
    with pytest.raises(GitError, match="no commit in common"):
        manager.fork(record, "alone")


def test_trees_of_another_session_are_read_and_not_kept(
    manager: WorktreeManager, make: Make
) -> None:
    one, two = make("s1", "one"), make("s2", "two")
    write(Path(one.path) / "a.txt", "of one\n")
    write(Path(two.path) / "a.txt", "of two\n")
    mine, theirs = (manager.diff_stat(record).parts[0] for record in (one, two))
    part = replace(mine, base=theirs.tree)
    patch = manager.diff_file(one, (part,), ["a.txt"], beside="s2")
    assert "-of two\n+of one\n" in patch
    with pytest.raises(TreeGoneError):
        manager.diff_file(one, (part,), ["a.txt"])


def test_a_submodule_is_compared_in_every_scope(
    manager: WorktreeManager, make: Make, repo: Path, tmp_path: Path
) -> None:
    library = tmp_path / "library"
    library.mkdir()
    git(library, "init", "-q")
    write(library / "lib.py", "one\n")
    commit_all(library, "library")
    git(repo, "submodule", "add", "-q", str(library), "lib")
    commit_all(repo, "with a library")
    record, top = at_work(make)
    git(top, "submodule", "update", "-q", "--init")
    write(top / "lib/lib.py", "two\n")
    write(top / "a.txt", "changed\n")
    commit_all(top, "mine")
    write(top / "b.txt", "new\n")
    now = manager.diff_stat(record).parts
    assert [part.prefix for part in now] == ["", "lib/"]
    head = manager.head(record)
    assert head == git(top, "rev-parse", "HEAD")
    uncommitted = (replace(now[0], base=head), now[1])
    assert paths(manager, record, *uncommitted) == {"b.txt", "lib/lib.py"}


def test_trees_are_the_same_whether_they_are_compared_or_not(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record, top = at_work(make)
    write(top / "a.txt", "changed\n")
    write(top / "new.txt", "new\n")
    (top / "run.sh").unlink()
    git(top / "src", "init", "-q", "nested")
    os.mkfifo(top / "src/b.py.pipe")
    compared, written = manager.diff_stat(record), manager.trees_now(record)
    assert written.parts == compared.parts
    assert written.files == tuple(file for file in compared.files if file.note)
