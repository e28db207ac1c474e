"""Places that are no worktree: a hook's directory goes into the trash and comes back whole."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest

from parallel_agents.core.errors import StorageError, WorktreeError
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees import place
from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import none_alive, write


@pytest.fixture
def made(manager: WorktreeManager, repo: Path, tmp_path: Path) -> WorktreeRecord:
    """A directory as a hook makes it, with a file."""
    path = tmp_path / "made"
    write(path / "kept.txt", "kept\n")
    found = manager.resolve(str(repo))
    return place.directory(found, "s1", str(path), manager.resolve_base(found, "head"))


def test_a_directory_comes_back_whole(manager: WorktreeManager, made: WorktreeRecord) -> None:
    manager.delete(made, live_pids=none_alive)
    assert not Path(made.path).exists()
    assert manager.restore("s1") == made
    assert (Path(made.path) / "kept.txt").read_text() == "kept\n"


def test_something_else_at_its_path_is_not_called_restored(
    manager: WorktreeManager, made: WorktreeRecord
) -> None:
    entry = manager.delete(made, live_pids=none_alive)
    assert entry.tree is not None
    Path(entry.tree).rename(Path(entry.tree).with_name("elsewhere"))
    write(Path(made.path) / "other.txt", "other\n")
    with pytest.raises(WorktreeError, match="not the one that was made"):
        manager.restore("s1")
    assert [kept.session for kept in manager.trash()] == ["s1"]


def test_a_checkout_that_cannot_be_read_is_said(manager: WorktreeManager, repo: Path) -> None:
    found = manager.resolve(str(repo))
    base = manager.resolve_base(found, "head")
    with (
        patch.object(place, "checkout", side_effect=OSError(5, "Input/output error")),
        pytest.raises(StorageError, match="Input/output error"),
    ):
        manager.take_checkout(found, "s1", base)
