"""Copies of `.worktreeinclude` on a file system that shares blocks: a real one, in a file."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from parallel_agents.worktrees.manager import WorktreeManager
from tests.worktrees.conftest import commit_all, git, write

BIG = 8 << 20
"""Bytes of a copied file: far more than btrfs keeps beside a file's name."""


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """An empty btrfs; skipped without root, `mkfs.btrfs` or loop devices."""
    if os.geteuid() != 0 or not shutil.which("mkfs.btrfs"):
        pytest.skip("needs root and mkfs.btrfs: apt install btrfs-progs")
    image, top = tmp_path / "image", tmp_path / "mounted"
    top.mkdir()
    with image.open("wb") as file:
        file.truncate(160 << 20)
    subprocess.run(["mkfs.btrfs", "-q", str(image)], check=True)
    if subprocess.run(["mount", "-o", "loop", str(image), str(top)], check=False).returncode:
        pytest.skip("needs loop devices and btrfs in the kernel")
    yield top
    subprocess.run(["umount", str(top)], check=True)


def exclusive(path: Path) -> int:
    """Bytes of a file that no other file shares, as btrfs counts them."""
    told = subprocess.run(
        ["btrfs", "filesystem", "du", "--raw", str(path)],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    return int(told.splitlines()[1].split()[1])


def test_a_copy_shares_its_blocks_until_it_is_changed(mounted: Path) -> None:
    repo = mounted / "repo"
    repo.mkdir()
    git(repo, "init", "-q")
    write(repo / ".gitignore", "data.bin\n")
    write(repo / ".worktreeinclude", "data.bin\n")
    commit_all(repo, "first")
    content = os.urandom(BIG)
    write(repo / "data.bin", content)
    os.sync()
    assert exclusive(repo / "data.bin") == BIG
    manager = WorktreeManager(mounted / "state")
    found = manager.resolve(str(repo))
    record = manager.create(
        found, session="s1", slug="one", base=manager.resolve_base(found, "head")
    )
    copy = Path(record.path) / "data.bin"
    os.sync()
    assert copy.read_bytes() == content
    assert (exclusive(repo / "data.bin"), exclusive(copy)) == (0, 0)
    with copy.open("r+b") as file:
        file.write(b"changed")
    os.sync()
    assert (repo / "data.bin").read_bytes() == content
    assert 0 < exclusive(copy) < BIG
