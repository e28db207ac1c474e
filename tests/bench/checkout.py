"""Making a worktree of a large repository beside bare `git worktree add`."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from parallel_agents.core.worktree import WorktreeRecord
from parallel_agents.worktrees.manager import WorktreeManager

_IDENTITY = ("-c", "user.name=Bench", "-c", "user.email=bench@example.invalid", "-c", "gc.auto=0")
_LINES = 20
_A_DIRECTORY = 100


def beside_git(files: int, rounds: int) -> tuple[float, float, float]:
    """Make worktrees in turn, ours and git's, and compare within each round.

    Args:
        files: tracked files of the repository.
        rounds: how often; who goes first changes each time.

    Returns:
        Medians of our time and of git's, in seconds, and of the rounds' ratios.
    """
    with tempfile.TemporaryDirectory() as directory:
        repo = _repository(Path(directory), files)
        manager = WorktreeManager(Path(directory) / "state")
        ours, bare = [], []
        for number in range(rounds):
            for who in (0, 1) if number % 2 else (1, 0):
                if who:
                    ours.append(_ours(manager, repo, number))
                else:
                    bare.append(_bare(repo, number))
    ratios = [mine / theirs for mine, theirs in zip(ours, bare, strict=True)]
    return median(ours), median(bare), median(ratios)


def all_at_once(count: int) -> tuple[int, float]:
    """Make many worktrees of one small repository at the same time.

    Args:
        count: how many.

    Returns:
        How many were made, and the seconds until the last one was.
    """
    with tempfile.TemporaryDirectory() as directory:
        repo = _repository(Path(directory), 100)
        manager = WorktreeManager(Path(directory) / "state")
        began = time.perf_counter()
        with ThreadPoolExecutor(count) as pool:
            asked = [pool.submit(_make, manager, repo, number) for number in range(count)]
        took = time.perf_counter() - began
        made = [one.result() for one in asked if one.exception() is None]
        return sum(manager.verify(record) is None for record in made), took


def _git(repo: Path, *args: str) -> None:
    subprocess.run(["git", "-C", str(repo), *_IDENTITY, *args], check=True, capture_output=True)


def _repository(directory: Path, files: int) -> Path:
    repo = directory / "repo"
    repo.mkdir()
    _git(repo, "init", "-q", "-b", "main")
    fill(repo, files)
    _git(repo, "gc", "-q")
    return repo


def fill(repo: Path, files: int) -> None:
    """Commit that many small files.

    Args:
        repo: a repository.
        files: how many.
    """
    for number in range(files):
        path = repo / f"d{number // _A_DIRECTORY}" / f"f{number}.txt"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{number}\n" * _LINES)
    _git(repo, "add", "-A")
    _git(repo, "commit", "-q", "-m", "files")


def _bare(repo: Path, number: int) -> float:
    path = repo.parent / f"bare{number}"
    began = time.perf_counter()
    _git(repo, "worktree", "add", "-q", "-b", f"bare{number}", str(path), "main")
    took = time.perf_counter() - began
    shutil.rmtree(path)
    return took


def _ours(manager: WorktreeManager, repo: Path, number: int) -> float:
    began = time.perf_counter()
    record = _make(manager, repo, number)
    took = time.perf_counter() - began
    shutil.rmtree(record.path)
    return took


def _make(manager: WorktreeManager, repo: Path, number: int) -> WorktreeRecord:
    found = manager.resolve(str(repo))
    base = manager.resolve_base(found, "head")
    slug = manager.slug(found, f"ours {number}")
    return manager.create(
        found, session=f"s{number}", slug=slug, base=base, progress=lambda _, __: None
    )
