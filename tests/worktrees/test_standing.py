"""What is checked out is read again only where it may have changed, and never missed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from parallel_agents.core.worktree import Standing, WorktreeRecord
from parallel_agents.worktrees.look import standing
from parallel_agents.worktrees.look.identity import admin_dir
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import commit_all, git, write

Make = Callable[..., WorktreeRecord]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The administrative directories that were read."""
    seen: list[Path] = []
    usual = standing.read

    def read(admin: Path) -> Standing | None:
        seen.append(admin)
        return usual(admin)

    monkeypatch.setattr(standing, "read", read)
    return seen


def age(record: WorktreeRecord, seconds: float = 60) -> None:
    """Make what git wrote look as if it were older."""
    then = time.time() - seconds
    admin = admin_dir(record)
    os.utime(admin / "HEAD", (then, then))
    os.utime(admin, (then, then))


def test_a_worktree_at_rest_is_read_once(
    manager: WorktreeManager, make: Make, reads: list[Path]
) -> None:
    record = make()
    age(record)
    found = [manager.standing(record) for _ in range(5)]
    assert found == [Standing(branch=record.branch)] * 5
    assert len(reads) == 1


def test_what_was_just_written_is_read_again(
    manager: WorktreeManager, make: Make, reads: list[Path]
) -> None:
    """Two writes in one tick of the file system's clock leave the same times and sizes."""
    record = make()
    admin = admin_dir(record)
    names = ("one", "two")
    for name in names:
        (admin / "HEAD").write_text(f"ref: refs/heads/{name}\n")
        now = int(time.time()) * 1_000_000_000
        os.utime(admin / "HEAD", ns=(now, now))
        os.utime(admin, ns=(now, now))
        found = manager.standing(record)
        assert found is not None
        assert found.branch == name
    assert len(reads) == len(names)


def test_a_file_server_whose_clock_is_ahead_is_asked_each_time(
    manager: WorktreeManager, make: Make, reads: list[Path]
) -> None:
    record = make()
    age(record, -60)
    for _ in range(3):
        assert manager.standing(record) == Standing(branch=record.branch)
    assert len(reads) == 3


@pytest.mark.parametrize(
    "command",
    [
        ("switch", "-q", "-c", "other"),
        ("checkout", "-q", "--detach"),
        ("branch", "-m", "renamed"),
        ("symbolic-ref", "HEAD", "refs/heads/elsewhere"),
        ("bisect", "start"),
    ],
    ids=" ".join,
)
def test_every_way_to_move_it_is_seen(
    command: tuple[str, ...], manager: WorktreeManager, make: Make
) -> None:
    record = make()
    age(record)
    before = manager.standing(record)
    git(record.path, *command)
    found = manager.standing(record)
    assert found != before
    assert found == standing.read(admin_dir(record))


def test_an_operation_is_followed_to_its_end(manager: WorktreeManager, make: Make) -> None:
    record = make()
    top = Path(record.path)
    write(top / "same.txt", "ours\n")
    commit_all(top, "ours")
    patch = git(top, "format-patch", "--stdout", "-1")
    git(top, "reset", "-q", "--hard", "HEAD~1")
    write(top / "same.txt", "theirs\n")
    commit_all(top, "theirs")
    age(record)
    assert manager.standing(record) == Standing(branch=record.branch)
    write(top / "one.patch", patch)
    assert os.system(f"cd {top} && git am -q one.patch >/dev/null 2>&1") != 0
    age(record)
    found = manager.standing(record)
    assert found is not None
    assert found.unfinished == "am"
    marker = admin_dir(record) / "rebase-apply" / "applying"
    marker.unlink()
    age(record)
    found = manager.standing(record)
    assert found is not None
    assert found.unfinished == "rebase", "a marker further down does not change the directory"
    marker.touch()
    git(top, "am", "--abort")
    assert manager.standing(record) == Standing(branch=record.branch)


def test_a_worktree_that_is_moved_is_looked_for_again(
    manager: WorktreeManager, make: Make, repo: Path
) -> None:
    record = make()
    age(record)
    assert manager.standing(record) is not None
    (repo / ".git").rename(repo / "moved")
    assert manager.standing(record) is None
    (repo / "moved").rename(repo / ".git")
    assert manager.standing(record) == Standing(branch=record.branch)
