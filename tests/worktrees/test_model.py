"""A fixed part of the histories that the campaign plays, and that the model notices losses."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from parallel_agents.worktrees.compare import builds, snapshot
from parallel_agents.worktrees.look.looking import Untracked
from parallel_agents.worktrees.plumbing import reflog
from parallel_agents.worktrees.remove import removal, restore
from tests.worktrees.model.__main__ import run

HISTORIES = 7
"""In each of two parts: some 7 s each on a quiet machine."""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("part", range(2))
def test_no_history_loses_anything(part: int) -> None:
    """Run in a process of its own, since parts of a history are killed."""
    first = 102_000 + part * 4000
    done = subprocess.run(
        [
            sys.executable, "-m", "tests.worktrees.model", str(first), str(first + HISTORIES - 1),
            "--often", "0.3",
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    counts = Counter(json.loads(done.stdout) | {"failures": 0})
    assert counts["histories"] == HISTORIES
    assert counts["tries"] > HISTORIES / 2
    assert counts["moved with a worktree in the trash"] >= 1
    assert counts["kills of ours"] + counts["kills inside git"] >= 1


def _nothing_untracked(_: object) -> Untracked:
    return Untracked((), (), ())


def _nothing(*_: object, **__: object) -> None:
    return None


SABOTAGE = {
    "untracked files are not saved": (snapshot, "untracked", _nothing_untracked),
    "the branch is left": (removal, "delete_ref", _nothing),
    "the reflog is not put back": (reflog, "put_back", _nothing),
    "everything ignored is skipped": (
        builds, "NAMES", frozenset({"ignored", "deep", "conf", "src"})),
    "copied files are not brought back": (restore, "_restore_copied", _nothing),
    "the index is saved as something else": (
        snapshot, "_save_index", lambda git, head: (head, None)),
    "the commits of the reflog are not saved": (snapshot, "_save_logged", _nothing),
}  # fmt: skip


@pytest.mark.parametrize("name", SABOTAGE)
def test_the_model_notices(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, attribute, instead = SABOTAGE[name]
    monkeypatch.setattr(module, attribute, instead)
    seeds = range(200_000, 200_020)
    assert any(run([seed], often=0.0)["failures"] for seed in seeds), "the model did not notice"
