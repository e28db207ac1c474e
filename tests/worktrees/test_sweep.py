"""What is dropped is out of the way at once, and gone in a while, whoever dies meanwhile."""

import errno
import json
import os
import threading
from pathlib import Path

import pytest

from parallel_agents.worktrees.filesystem import sweep
from parallel_agents.worktrees.filesystem.sweep import Sweeper
from parallel_agents.worktrees.manager import WorktreeManager
from tests.support.world import wait_until
from tests.worktrees.conftest import Make, git, none_alive, write


def many(top: Path, count: int) -> None:
    for number in range(count):
        if number % 200 == 0:
            (top / str(number // 200)).mkdir(parents=True)
        (top / str(number // 200) / f"{number}.js").touch()


class Gate:
    """Holds the removals back until it is opened; one that never is removes nothing."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.open = threading.Event()
        self.removed: list[Path] = []
        plain = sweep.remove_gently

        def held(path: Path) -> None:
            if self.open.wait(30):
                self.removed.append(path)
                plain(path)

        monkeypatch.setattr(sweep, "remove_gently", held)


def test_twenty_thousand_files_hold_nobody_up(
    manager: WorktreeManager, make: Make, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While none of them is removed yet, the deletion is over, and git works on."""
    gate = Gate(monkeypatch)
    record = make()
    many(Path(record.path) / "node_modules", 20_000)
    entry = manager.delete(record, live_pids=none_alive)
    assert (entry.saved, entry.skipped, entry.size_bytes) == ((), ("node_modules",), None)
    assert not Path(record.path).exists()
    waiting = repo.parent / "state/dropped"
    assert sum(len(files) for _, _, files in os.walk(waiting)) == 20_000
    assert manager.verify(make("s2", "another")) is None
    assert manager.restore("s1").path == record.path
    assert not (Path(record.path) / "node_modules").exists()
    assert gate.removed == []
    gate.open.set()
    manager.settle()
    assert not any(waiting.iterdir())


def test_emptying_holds_nobody_up(
    manager: WorktreeManager, make: Make, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = make()
    many(Path(record.path) / "ignored", 1000)
    manager.delete(record, live_pids=none_alive)
    manager.settle()
    gate = Gate(monkeypatch)
    assert manager.empty_trash() == ("s1",)
    assert manager.trash() == ()
    assert git(repo, "for-each-ref", "refs/parallel-agents") == ""
    assert any((repo.parent / "state/dropped").iterdir())
    gate.open.set()
    manager.settle()
    assert not any((repo.parent / "state/dropped").iterdir())


def test_who_comes_after_a_kill_goes_on(
    manager: WorktreeManager, make: Make, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Gate(monkeypatch)  # never opened: as good as dead
    record = make()
    many(Path(record.path) / "node_modules", 300)
    manager.delete(record, live_pids=none_alive)
    monkeypatch.undo()
    heir = WorktreeManager(repo.parent / "state")
    heir.settle()
    assert not any((repo.parent / "state/dropped").iterdir())
    size = heir.trash()[0].size_bytes
    assert size is not None
    assert size > 0


def test_on_another_filesystem_it_waits_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeper = Sweeper(tmp_path / "dropped")
    tree = tmp_path / "worktrees/.trash-s1/node_modules"
    many(tree, 300)
    gate = Gate(monkeypatch)
    rename = Path.rename

    def elsewhere(path: Path, target: Path) -> Path:
        if path == tree and target.parent == tmp_path / "dropped":
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", elsewhere)
    sweeper.drop(tree, tree.parent.parent)
    assert not tree.exists()
    beside = sorted(path.name for path in (tmp_path / "worktrees").iterdir())
    assert [name[:9] for name in beside] == [".dropped-", ".trash-s1"]
    gate.open.set()
    sweeper.wait()
    assert [p.name for p in (tmp_path / "worktrees").iterdir()] == [".trash-s1"]
    assert not any((tmp_path / "dropped").iterdir())


def test_a_forged_note_removes_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")  # what an empty path would mean
    precious = write(tmp_path / "precious/file", "x")
    (tmp_path / "dropped").mkdir()
    for name, path in (
        ("a" * 32, precious.parent),
        ("b" * 32, tmp_path / ("x.dropped-" + "c" * 32)),
    ):
        write(tmp_path / f"dropped/{name}.json", json.dumps({"path": str(path)}))
    write(tmp_path / "dropped/torn.json", "{")
    sweeper = Sweeper(tmp_path / "dropped")
    sweeper.resume()
    sweeper.wait()
    assert precious.exists()
    assert (tmp_path / "here").is_dir()
    assert not any((tmp_path / "dropped").iterdir())


def test_links_are_not_followed_and_rights_are_no_obstacle(tmp_path: Path) -> None:
    precious = write(tmp_path / "precious/file", "x")
    tree = tmp_path / "tree"
    write(tree / "readonly/file", "x")
    (tree / "link").symlink_to(precious.parent)
    (tree / "readonly").chmod(0o555)
    tree.chmod(0o555)
    (tmp_path / "top-link").symlink_to(precious.parent)
    sweeper = Sweeper(tmp_path / "dropped")
    for path in (tree, tmp_path / "top-link", tmp_path / "not there"):
        sweeper.drop(path, tmp_path)
    sweeper.wait()
    assert precious.exists()
    assert not any((tmp_path / "dropped").iterdir())
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "home") == ["dropped", "precious"]


def test_the_worker_ends_when_there_is_nothing_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And another one begins when there is, however the two meet."""
    monkeypatch.setattr(sweep, "_IDLE_SECONDS", 0.001)
    sweeper = Sweeper(tmp_path / "dropped")
    before = threading.active_count()
    for _ in range(200):
        sweeper.wait()
    wait_until(lambda: threading.active_count() <= before, 30, "no worker is left")
