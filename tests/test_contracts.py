"""Each contract of import-linter breaks when it is violated: none is there for show."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONTRACTS = [
    contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
]
VIOLATIONS = {
    "Layers point one way": ("core/ids.py", "import parallel_agents.wire.framing"),
    "Only the screen knows Textual and Rich": ("cli/render.py", "import rich"),
    "Only the worktrees know GitPython": ("agents/base.py", "import git"),
    "Clients never import the supervisor's side": (
        "client/launch.py",
        "import parallel_agents.worktrees.plumbing.git",
    ),
    "The core does no input or output": ("core/text.py", "import os"),
    "The shim imports nothing of ours": ("shim.py", "import parallel_agents.core.ids"),
    "The supervisor's wings point one way": (
        "supervisor/record/journal.py",
        "import parallel_agents.supervisor.run.spawn",
    ),
    "The worktrees' wings point one way": (
        "worktrees/look/disk_use.py",
        "import parallel_agents.worktrees.remove.trash",
    ),
    "The screen's wings point one way": (
        "tui/model/store.py",
        "import parallel_agents.tui.widgets.card",
    ),
}
"""For each contract: where a line is added, and which."""


def _broken(package: Path) -> set[str]:
    """Which contracts are broken in a copy of the source."""
    lint = Path(sys.executable).with_name("lint-imports")
    command = (
        [str(lint)]
        if lint.exists()
        else [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    )
    done = subprocess.run(
        [*command, "--no-cache", "--config", str(ROOT / "pyproject.toml")],
        cwd=package.parent,
        env={**os.environ, "PYTHONPATH": str(package.parent), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    broken = {name for name in CONTRACTS if f"{name} BROKEN" in done.stdout}
    assert bool(broken) == bool(done.returncode), done.stdout + done.stderr
    assert all(f"{name} KEPT" in done.stdout for name in set(CONTRACTS) - broken), done.stdout
    return broken


@pytest.fixture
def package(tmp_path: Path) -> Path:
    skipped = shutil.ignore_patterns("__pycache__")
    copy = tmp_path / "parallel_agents"
    return Path(shutil.copytree(ROOT / "src" / "parallel_agents", copy, ignore=skipped))


def test_every_contract_is_kept_and_tried(package: Path) -> None:
    assert _broken(package) == set()
    assert set(VIOLATIONS) == set(CONTRACTS)


@pytest.mark.parametrize("contract", list(VIOLATIONS))
def test_it_breaks(contract: str, package: Path) -> None:
    name, line = VIOLATIONS[contract]
    file = package / name
    file.write_text(f"{file.read_text('utf-8')}\n{line}\n")
    assert contract in _broken(package)
