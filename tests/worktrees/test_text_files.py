"""Files are read and written for an agent within its worktree, and nowhere else."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from parallel_agents.core.errors import RefusedError
from parallel_agents.worktrees.filesystem import text_files
from parallel_agents.worktrees.filesystem.text_files import Place, read_text, write_text


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A worktree beside something that is nobody's business."""
    (tmp_path / "secret").write_text("secret")
    tree = tmp_path / "tree"
    (tree / "src").mkdir(parents=True)
    (tree / ".git").write_text("gitdir: elsewhere")
    (tree / "src/a.txt").write_text("one\n")
    (tree / "link").symlink_to("../secret")
    (tree / "up").symlink_to("..")
    (tree / "inside").symlink_to("src")
    (tree / "dangling").symlink_to("../new")
    os.mkfifo(tree / "pipe")
    return tree


def place(tree: Path, **more: int) -> Place:
    info = tree.stat()
    known = {"device": info.st_dev, "inode": info.st_ino} | more
    return Place(top=str(tree), **known)


@pytest.mark.parametrize("absolute", [True, False])
def test_a_file_is_read_and_replaced(absolute: bool, tree: Path) -> None:
    path = str(tree / "src/a.txt") if absolute else "src/a.txt"
    assert read_text(place(tree), path) == "one\n"
    (tree / "src/a.txt").chmod(0o750)
    write_text(place(tree), path, "zwei ⚙\n")
    assert read_text(place(tree), path) == "zwei ⚙\n"
    assert stat.S_IMODE((tree / "src/a.txt").stat().st_mode) == 0o750
    assert sorted(p.name for p in (tree / "src").iterdir()) == ["a.txt"]


def test_a_new_file_is_made_with_its_directories_as_the_person_would(tree: Path) -> None:
    write_text(place(tree, umask=0o027), "new/er/b.txt", "x")
    made = tree / "new/er/b.txt"
    assert made.read_text() == "x"
    assert stat.S_IMODE(made.stat().st_mode) == 0o640
    assert stat.S_IMODE(made.parent.stat().st_mode) & 0o027 == 0


def test_a_file_that_is_hard_linked_elsewhere_is_replaced_not_changed(tree: Path) -> None:
    os.link(tree.parent / "secret", tree / "hard")
    write_text(place(tree), "hard", "mine")
    assert (tree.parent / "secret").read_text() == "secret"


BAD = [
    "", ".", "/", "..", "../secret", "src/../../secret", "link", "up/secret", "inside/a.txt",
    "dangling", "pipe", "src", ".git", ".git/hooks/x", "src/.GIT/config", "a\0b", "src/a.txt/x",
    "x" * 300,
]  # fmt: skip


@pytest.mark.parametrize("path", BAD, ids=lambda path: ascii(path)[:30])
def test_anything_else_is_refused(path: str, tree: Path) -> None:
    before = {p: p.read_text() for p in tree.parent.rglob("*") if p.is_file()}
    for named in {path, str(tree / path) if path else path, str(tree.parent / "secret")}:
        with pytest.raises(RefusedError):
            read_text(place(tree), named)
        with pytest.raises(RefusedError):
            write_text(place(tree), named, "changed")
    assert {p: p.read_text() for p in tree.parent.rglob("*") if p.is_file()} == before


def test_another_directory_in_its_place_is_refused(tree: Path) -> None:
    known = place(tree)
    tree.rename(tree.with_name("moved"))
    (tree / "src").mkdir(parents=True)
    (tree / "src/a.txt").write_text("another's")
    with pytest.raises(RefusedError, match="not the worktree"):
        read_text(known, "src/a.txt")
    tree.rename(tree.with_name("other"))
    tree.symlink_to("other")
    with pytest.raises(RefusedError):
        write_text(known, "src/a.txt", "x")


def test_what_is_no_text_or_too_long_is_refused(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(RefusedError, match="UTF-8"):
        read_text(place(tree), "binary")
    monkeypatch.setattr(text_files, "LIMIT", 3)
    with pytest.raises(RefusedError, match="more than"):
        read_text(place(tree), "src/a.txt")
    with pytest.raises(RefusedError, match="more than"):
        write_text(place(tree), "b.txt", "four")
    assert not (tree / "b.txt").exists()


_PART = st.sampled_from(["src", "a.txt", "link", "up", "inside", "..", ".", ".git", "secret", "n"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(_PART, max_size=5), absolute=st.booleans())
def test_no_path_leads_out(parts: list[str], absolute: bool, tree: Path) -> None:
    path = "/".join([str(tree), *parts] if absolute else parts)
    with contextlib.suppress(RefusedError):
        assert "secret" not in read_text(place(tree), path)
    with contextlib.suppress(RefusedError):
        write_text(place(tree), path, "changed")
    assert (tree.parent / "secret").read_text() == "secret"
    assert (tree / ".git").read_text() == "gitdir: elsewhere"
    assert not (tree.parent / "new").exists()


@pytest.mark.parametrize("path", ["\ud800", "src/\udfff", "\ud800/a"], ids=ascii)
def test_a_path_with_half_a_surrogate_pair_is_refused_in_words(path: str, tree: Path) -> None:
    with pytest.raises(RefusedError, match="no file's name"):
        read_text(place(tree), path)
    with pytest.raises(RefusedError, match="no file's name"):
        write_text(place(tree), path, "x")
