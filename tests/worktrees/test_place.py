"""Places that are no worktree: a hook's directory goes into the trash and comes back whole."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from parallel_agents.core.errors import StorageError, WorktreeError
from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.manager import WorktreeManager
from parallel_agents.worktrees.remove import other_places
from tests.worktrees.conftest import none_alive, write


@pytest.fixture
def made(manager: WorktreeManager, repo: Path, tmp_path: Path) -> WorktreeRecord:
    """A directory as a hook makes it, with a file."""
    path = tmp_path / "made"
    write(path / "kept.txt", "kept\n")
    found = manager.resolve(str(repo))
    return other_places.directory(found, "s1", str(path), manager.resolve_base(found, "head"))


def test_a_directory_comes_back_whole(manager: WorktreeManager, made: WorktreeRecord) -> None:
    manager.delete(made, live_pids=none_alive)
    assert not Path(made.path).exists()
    assert manager.restore("s1") == made
    assert (Path(made.path) / "kept.txt").read_text() == "kept\n"


@pytest.fixture(params=["the same", "another"])
def managed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WorktreeManager]:
    """A manager whose trash is on the directory's file system, or on another."""
    if request.param == "the same":
        yield WorktreeManager(tmp_path / "state")
        return
    if not other_file_system(tmp_path):
        pytest.skip("there is no second file system")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
        yield WorktreeManager(Path(elsewhere))


def other_file_system(path: Path) -> bool:
    """Whether there is one beside that of a path."""
    shm = Path("/dev/shm")
    return os.access(shm, os.W_OK) and shm.stat().st_dev != path.stat().st_dev


@pytest.mark.parametrize("point", ["begun", "renamed", "entry", "back", "restored"])
def test_cut_off_at_any_step_it_comes_to_the_same_end(
    point: str, managed: WorktreeManager, made: WorktreeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = (
        (lambda: managed.delete(made, live_pids=none_alive))
        if point in {"begun", "renamed", "entry"}
        else (lambda: managed.restore("s1"))
    )
    if point in {"back", "restored"}:
        managed.delete(made, live_pids=none_alive)
    monkeypatch.setenv("PA_FAILPOINT", f"place.{point}:EIO")
    with pytest.raises(StorageError):
        begin()
    monkeypatch.delenv("PA_FAILPOINT")
    begin()
    if point in {"begun", "renamed", "entry"}:
        assert not Path(made.path).exists()
        assert managed.trash()[0].saved == ("the whole directory",)
        managed.restore("s1")
    assert (Path(made.path) / "kept.txt").read_text() == "kept\n"
    assert sorted(path.name for path in Path(made.path).parent.glob(".*deleted*")) == []


def test_what_an_agent_put_beside_is_not_taken_for_the_directory(
    managed: WorktreeManager, made: WorktreeRecord
) -> None:
    path = Path(made.path)
    planted = path.with_name(f".{path.name}.deleted-s1")
    planted.mkdir()
    managed.delete(made, live_pids=none_alive)
    assert not path.exists()
    managed.restore("s1")
    assert (path / "kept.txt").read_text() == "kept\n"


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
        patch.object(other_places, "checkout", side_effect=OSError(5, "Input/output error")),
        pytest.raises(StorageError, match="Input/output error"),
    ):
        manager.take_checkout(found, "s1", base)
