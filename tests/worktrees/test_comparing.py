"""Diffs against bases that moved, of submodules, and of more than can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.compare import diff, trees
from parallel_agents.worktrees.look.unread import Bounds, closed_directories, human
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import (
    Make,
    commit_all,
    every_patch,
    git,
    one_patch,
    whole_patch,
    write,
)


def paths(manager: WorktreeManager, record: WorktreeRecord) -> list[str]:
    return [file.path for file in manager.diff_stat(record).files]


@pytest.fixture
def on_feature(manager: WorktreeManager, repo: Path) -> WorktreeRecord:
    """A session on a branch that somebody else works on, with a commit of its own."""
    git(repo, "checkout", "-q", "-b", "feat")
    write(repo / "theirs.txt", "theirs\n")
    commit_all(repo, "theirs")
    git(repo, "checkout", "-q", "main")
    found = manager.resolve(str(repo))
    base = manager.resolve_base(found, "feat")
    record = manager.create(found, session="s1", slug="mine", base=base)
    write(Path(record.path) / "mine.txt", "mine\n")
    commit_all(record.path, "mine")
    return record


def amend(repo: Path) -> None:
    git(repo, "checkout", "-q", "feat")
    write(repo / "theirs.txt", "theirs, amended\n")
    write(repo / "more.txt", "more of theirs\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "--amend", "-m", "theirs, amended")
    git(repo, "checkout", "-q", "main")


@pytest.mark.parametrize("fate", ["stays", "is deleted", "is deleted and collected"])
def test_a_base_that_was_amended(
    fate: str, on_feature: WorktreeRecord, manager: WorktreeManager, repo: Path
) -> None:
    amend(repo)
    assert paths(manager, on_feature) == ["mine.txt"]
    git(on_feature.path, "rebase", "-q", "--onto", "feat", "HEAD~1")
    if fate != "stays":
        git(repo, "branch", "-q", "-D", "feat")
    if fate == "is deleted and collected":
        git(repo, "reflog", "expire", "--expire=now", "--all")
        git(on_feature.path, "reflog", "expire", "--expire=now", "--all")
        git(repo, "gc", "-q", "--prune=now")
    found = paths(manager, on_feature)
    # Without the branch, nothing says any more which commits were theirs.
    expected = {
        "stays": ["mine.txt"],
        "is deleted": ["mine.txt", "more.txt", "theirs.txt"],
        "is deleted and collected": [],
    }[fate]
    assert found == expected


def test_a_session_that_went_back_before_its_base(
    on_feature: WorktreeRecord, manager: WorktreeManager
) -> None:
    git(on_feature.path, "reset", "-q", "--hard", "main")
    write(Path(on_feature.path) / "again.txt", "again\n")
    assert paths(manager, on_feature) == ["again.txt"]


@pytest.fixture
def record(make: Make, repo: Path, tmp_path: Path) -> WorktreeRecord:
    """A worktree with an initialised submodule that has another one in it."""
    for name in ("lib", "deep"):
        (tmp_path / name).mkdir()
        git(tmp_path / name, "init", "-q")
        write(tmp_path / name / "inner.txt", "inner\n")
        commit_all(tmp_path / name, "inner")
    git(tmp_path / "lib", "submodule", "--quiet", "add", str(tmp_path / "deep"), "deep er")
    commit_all(tmp_path / "lib", "deep")
    git(repo, "submodule", "--quiet", "add", str(tmp_path / "lib"), "lib")
    commit_all(repo, "lib")
    record = make()
    git(record.path, "submodule", "--quiet", "update", "--init", "--recursive")
    return record


def test_what_changes_in_a_submodule_is_shown(
    record: WorktreeRecord, manager: WorktreeManager
) -> None:
    top = Path(record.path)
    assert paths(manager, record) == []
    write(top / "lib/inner.txt", "edited\n")
    write(top / "lib/new.txt", "new\n")
    write(top / "lib/deep er/inner.txt", "edited, too\n")
    write(top / "own.txt", "own\n")
    assert paths(manager, record) == [
        "own.txt", "lib/inner.txt", "lib/new.txt", "lib/deep er/inner.txt",
    ]  # fmt: skip
    assert manager.diff_stat(record).changes.files == 4
    assert "+edited\n" in one_patch(manager, record, "lib/inner.txt")
    text = whole_patch(manager, record)
    assert "+++ b/lib/deep er/inner.txt" in text
    assert list(every_patch(manager, record))[-1] == "lib/deep er/inner.txt"
    commit_all(top / "lib", "committed there")
    assert paths(manager, record) == ["lib", "own.txt", "lib/deep er/inner.txt"]
    git(top / "lib", "status")


def test_the_settings_of_a_submodule_run_nothing(
    record: WorktreeRecord, manager: WorktreeManager, tmp_path: Path
) -> None:
    sang = tmp_path / "sang"
    canary = write(tmp_path / "canary", f"#!/bin/sh\ntouch {sang}\ncat\n")
    canary.chmod(0o755)
    lib = Path(record.path) / "lib"
    for key in ("core.fsmonitor", "filter.evil.clean", "diff.evil.textconv", "diff.evil.command"):
        git(lib, "config", key, str(canary))
    git(lib, "config", "filter.evil.required", "true")
    write(lib / ".gitattributes", "* filter=evil diff=evil\n")
    write(lib / "inner.txt", "edited\n")
    whole_patch(manager, record)
    one_patch(manager, record, "lib/inner.txt")
    assert "lib/inner.txt" in paths(manager, record)
    assert not sang.exists()
    git(lib, "status")
    assert sang.exists()


def test_a_submodule_that_is_a_link_is_not_looked_into(
    record: WorktreeRecord, manager: WorktreeManager, tmp_path: Path
) -> None:
    lib = Path(record.path) / "lib"
    lib.rename(tmp_path / "away")
    lib.symlink_to(tmp_path / "away")
    write(tmp_path / "away/inner.txt", "edited\n")
    assert "lib/inner.txt" not in paths(manager, record)


def test_large_files_are_listed_and_not_read(manager: WorktreeManager, make: Make) -> None:
    record = make()
    top = Path(record.path)
    with (top / "model.bin").open("wb") as file:
        file.truncate(40_000_000_000)  # sparse: to read it would take a minute
    with (top / "a.txt").open("ab") as file:
        file.truncate(20_000_000)
    write(top / "small.txt", "small\n")
    notes = {file.path: file.note for file in manager.diff_stat(record).files}
    assert notes == {
        "a.txt": "not read: 20.0 MB",
        "model.bin": "not read: 40.0 GB",
        "small.txt": "",
    }
    text = whole_patch(manager, record)
    assert "+small" in text
    assert one_patch(manager, record, "model.bin") == ""


def test_a_large_file_that_is_committed_is_not_compared_by_lines(
    manager: WorktreeManager, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trees, "_LARGE", (("core.bigFileThreshold", "1000"),))
    record = make()
    write(Path(record.path) / "large.txt", "line\n" * 1000)
    commit_all(record.path, "large")
    (stat,) = manager.diff_stat(record).files
    assert (stat.binary, stat.insertions) == (True, 0)


def test_many_files_are_bounded(
    manager: WorktreeManager, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diff, "Bounds", lambda: Bounds(total=1000, count=20))
    record = make()
    for number in range(30):
        write(Path(record.path) / f"{number:02}.txt", "0123456789\n" * (60 if not number else 1))
    stat = manager.diff_stat(record)
    assert len(stat.files) == 30
    assert sum(not file.note for file in stat.files) == 20
    assert sum(file.insertions for file in stat.files) == 60 + 19


@pytest.mark.parametrize(
    ("size", "words"), [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 kB"), (2 * 10**9, "2.0 GB")]
)
def test_sizes_for_people(size: int, words: str) -> None:
    assert human(size) == words


def test_what_git_says_of_closed_directories() -> None:
    said = b"warning: could not open directory 'a/it's/': Permission denied\nwarning: other\n"
    assert closed_directories(said) == ("a/it's",)
