"""Submodules that are closed or damaged: named, and they hide and hinder nothing else."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.manager import WorktreeManager
from parallel_agents.worktrees.plumbing import submodules
from parallel_agents.worktrees.plumbing.git import Git
from tests.support.ordinary import ordinary
from tests.worktrees.conftest import Make, commit_all, git, none_alive, whole_patch, write
from tests.worktrees.test_comparing import paths, record as record


def _close(name: str, mode: int = 0) -> Callable[[Path], object]:
    return lambda top: (top / name).chmod(mode)


def _put(name: str, text: str) -> Callable[[Path], object]:
    return lambda top: write(top / name, text)


def _gits(top: Path) -> Path:
    """Git's own directory for the submodule."""
    return Path(git(top / "lib", "rev-parse", "--absolute-git-dir"))


def _instead(make: Callable[[Path], object]) -> Callable[[Path], object]:
    """Something else in place of its .git file."""

    def put(top: Path) -> None:
        (top / "lib/.git").unlink()
        make(top / "lib/.git")

    return put


FACES: dict[str, Callable[[Path], object]] = {
    "closed": _close("lib"),
    "only listed": _close("lib", 0o444),
    ".git closed": _close("lib/.git"),
    ".git garbage": _put("lib/.git", "garbage"),
    ".git names no gitdir": lambda top: write(top / "lib/.git", str(_gits(top))),
    ".git leads nowhere": _put("lib/.git", "gitdir: /nowhere\n"),
    ".git is a pipe": _instead(os.mkfifo),
    ".git is a link": _instead(lambda path: path.symlink_to("nowhere")),
    ".git is empty": _instead(lambda path: path.mkdir()),
    ".git is closed": _instead(lambda path: path.mkdir(mode=0)),
    "git's closed": lambda top: _gits(top).chmod(0),
    "HEAD closed": lambda top: (_gits(top) / "HEAD").chmod(0),
    "HEAD garbage": lambda top: write(_gits(top) / "HEAD", "x"),
    "objects closed": lambda top: (_gits(top) / "objects").chmod(0),
    "index closed": lambda top: (_gits(top) / "index").chmod(0),
    "index garbage": lambda top: write(_gits(top) / "index", "x"),
    "config closed": lambda top: (_gits(top) / "config").chmod(0),
    "config garbage": lambda top: write(_gits(top) / "config", "[x\n"),
    "inner closed": _close("lib/deep er"),
    "inner .git closed": _close("lib/deep er/.git"),
    "inner .git leads nowhere": _put("lib/deep er/.git", "gitdir: /nowhere\n"),
}


@pytest.fixture(params=FACES)
def damaged(request: pytest.FixtureRequest, record: WorktreeRecord) -> Iterator[WorktreeRecord]:
    """A worktree with work beside and in its submodule, which is then closed or damaged."""
    top = Path(record.path)
    write(top / "own.txt", "own\n")
    write(top / "lib/inner.txt", "edited\n")
    write(top / "lib/deep er/inner.txt", "edited, too\n")
    before = {path: _modes(path) for path in (top, Path(record.root, ".git"))}
    FACES[request.param](top)
    yield record
    for modes in before.values():
        for path, mode in modes.items():
            if path.exists() and not path.is_symlink():
                path.chmod(mode)


def _modes(top: Path) -> dict[Path, int]:
    found = [top, *(Path(folder, n) for folder, below, _ in os.walk(top) for n in below)]
    return {path: stat.S_IMODE(path.lstat().st_mode) for path in found}


def test_the_rest_is_shown_and_it_is_named(
    damaged: WorktreeRecord, manager: WorktreeManager
) -> None:
    stats = ordinary(lambda: manager.diff_stat(damaged).files)
    named = {file.path: file.note for file in stats}
    inner = "lib/inner.txt" in named
    assert named["own.txt"] == ""
    assert named["lib/deep er/" if inner else "lib/"]
    assert "own.txt" in ordinary(lambda: whole_patch(manager, damaged))
    assert ordinary(lambda: manager.diff_stat(damaged).changes.files) == len(stats)


def test_it_hinders_no_deletion(damaged: WorktreeRecord, manager: WorktreeManager) -> None:
    said = ordinary(lambda: manager.own_work(damaged).saved)
    assert "submodules: lib" in said
    assert "1 untracked file" in said
    saved = ordinary(lambda: manager.delete(damaged, live_pids=none_alive).saved)
    assert not any("only the directory" in phrase for phrase in saved)
    ordinary(lambda: manager.restore("s1") and None)
    assert (Path(damaged.path) / "own.txt").read_text() == "own\n"


def test_what_is_changed_beside_it_is_counted(
    record: WorktreeRecord, manager: WorktreeManager
) -> None:
    """Git's status stops at it."""
    top = Path(record.path)
    write(top / "a.txt", "changed\n")
    (top / "lib/.git").chmod(0)
    assert "1 changed file" in ordinary(lambda: manager.own_work(record).saved)


def test_one_of_the_checkout_hinders_no_new_worktree(
    make: Make, repo: Path, tmp_path: Path, manager: WorktreeManager
) -> None:
    (tmp_path / "other").mkdir()
    git(tmp_path / "other", "init", "-q")
    commit_all(tmp_path / "other", "other")
    git(repo, "submodule", "--quiet", "add", str(tmp_path / "other"), "vendor/lib")
    commit_all(repo, "submodule")
    (repo / "vendor").chmod(0)
    try:
        notes = ordinary(lambda: make().notes)
    finally:
        (repo / "vendor").chmod(0o755)
    assert any("vendor/lib" in note for note in notes)


def test_only_so_many_are_asked_of_git(
    record: WorktreeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(_gits(Path(record.path)) / "HEAD", "x")
    assert list(submodules.unreadable(Git(record.path))) == ["lib"]
    monkeypatch.setattr(submodules, "MOST", 0)
    assert submodules.unreadable(Git(record.path)) == {}


def test_a_good_one_is_looked_into(record: WorktreeRecord, manager: WorktreeManager) -> None:
    write(Path(record.path) / "lib/inner.txt", "edited\n")
    assert submodules.unreadable(Git(record.path)) == {}
    assert paths(manager, record) == ["lib/inner.txt"]


def test_a_closed_file_of_an_odd_name_is_left_out_of_the_diff(
    manager: WorktreeManager, make: Make
) -> None:
    """Git ignores such a name, for the sake of other systems, unless it is told otherwise."""
    record = make()
    top = Path(record.path)
    any_name = ("-c", "core.protectNTFS=false", "-c", "core.protectHFS=false")
    write(top / "git~1", "first\n")
    git(top, *any_name, "add", "git~1")
    git(top, *any_name, "commit", "-q", "-m", "odd")
    write(top / "git~1", "changed, and closed").chmod(0)
    write(top / "own.txt", "own\n")
    named = {file.path: file.note for file in ordinary(lambda: manager.diff_stat(record).files)}
    assert named == {"git~1": "cannot be read: Permission denied", "own.txt": ""}
