"""What a worktree takes on the disk, and how much of it git ignores."""

import os
from pathlib import Path

from parallel_agents.worktrees.look.disk_use import disk_use
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import write
from tests.worktrees.test_links import made

MB = 1 << 20
LONG = 60.0


def fill(path: Path, megabytes: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(megabytes * MB))


def test_what_is_ignored_is_counted_apart(manager: WorktreeManager, repo: Path) -> None:
    write(repo / ".git/info/exclude", "/build/\n*.log\n")
    record = made(manager, repo)
    top = Path(record.path)
    before = disk_use(record, LONG)
    assert (before.ignored, before.complete) == (0, True)
    fill(top / "build/deep/a", 2)
    fill(top / "sub/x.log", 1)
    fill(top / "new", 1)
    fill(top / "caf\udce9", 1)
    found = disk_use(record, LONG)
    assert 5 * MB <= found.size - before.size < 6 * MB
    assert found.ignored is not None
    assert 3 * MB <= found.ignored < 4 * MB


def test_one_file_counts_once_and_links_lead_nowhere(manager: WorktreeManager, repo: Path) -> None:
    record = made(manager, repo)
    top = Path(record.path)
    before = disk_use(record, LONG)
    fill(repo / "large", 8)
    (top / "out").symlink_to(repo)
    fill(top / "one", 2)
    (top / "two").hardlink_to(top / "one")
    assert 2 * MB <= disk_use(record, LONG).size - before.size < 3 * MB


def test_a_count_ends_at_its_deadline(manager: WorktreeManager, repo: Path) -> None:
    record = made(manager, repo)
    fill(Path(record.path) / "a/b/c", 1)
    assert disk_use(record, -1.0).complete is False


def test_without_git_the_size_is_still_known(manager: WorktreeManager, repo: Path) -> None:
    record = made(manager, repo)
    (Path(record.path) / ".git").unlink()
    fill(Path(record.path) / "a", 1)
    found = disk_use(record, LONG)
    assert (found.ignored, found.size >= MB) == (None, True)
