"""What `.ci/rerun.py` makes of tests that fail: of what is kept, run again and refused."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COMMAND = f"true && {sys.executable} -m pytest -p xdist -n 2 -p no:cacheprovider"
FLAKY = """
def test_fails_once(number):
    seen = pathlib.Path(f"seen-{number}")
    if not seen.exists():
        seen.touch()
        print("what it said")
        raise AssertionError("the first time " + "caf\\udce9")
"""
HEAD = "import os, pathlib, pytest\n"


class Outcome:
    """What `.ci/rerun.py` did with a file of tests, in a directory of its own."""

    def __init__(self, directory: Path, tests: str) -> None:
        self.directory = directory
        (directory / "test_it.py").write_text(HEAD + tests)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
        done = subprocess.run(
            [sys.executable, str(ROOT / ".ci/rerun.py"), COMMAND],
            cwd=directory,
            env={**environment, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        self.code, self.out = done.returncode, done.stdout
        assert done.stderr == ""

    def section(self, title: str) -> str:
        """What stands under a title; empty when there is none."""
        found = re.search(rf"^== {title}.*?(?=^== |\Z)", self.out, re.MULTILINE | re.DOTALL)
        return found.group() if found else ""


def _numbered(count: int, body: str) -> str:
    return f"@pytest.mark.parametrize('number', range({count}))" + body


def test_what_passes_is_run_once(tmp_path: Path) -> None:
    done = Outcome(tmp_path, "def test_it():\n    pathlib.Path('ran').touch(exist_ok=False)\n")
    assert done.code == 0
    assert "slowest" in done.out
    assert "once more" not in done.out


def test_what_passes_alone_is_told_as_flaky_and_kept(tmp_path: Path) -> None:
    done = Outcome(tmp_path, _numbered(3, FLAKY))
    assert done.code == 0
    flaky = done.section("FLAKY: 3")
    seed = re.search(r"^seed: (PYTHONHASHSEED=\d+)$", done.out, re.MULTILINE)
    assert seed is not None
    for number in range(3):
        assert f"\ntest_it.py::test_fails_once[{number}]\n" in flaky
    assert flaky.count(seed.group(1)) == 6
    assert flaky.count("the first time") >= 3
    logs = [done.directory / name for name in re.findall(r"log +(\S+)", flaky)]
    assert len(logs) == 3
    for log in logs:
        kept = log.read_text()
        assert "the first time" in kept
        assert "what it said" in kept
        assert "1 passed" in kept


def test_it_runs_again_alone_and_with_the_same_seed(tmp_path: Path) -> None:
    done = Outcome(
        tmp_path,
        "def test_it():\n"
        "    with open('said', 'a') as file:\n"
        "        workers = os.environ['PYTEST_XDIST_WORKER_COUNT']\n"
        "        print(os.environ['PYTHONHASHSEED'], workers, file=file)\n"
        "    assert workers == '1'\n",
    )
    assert done.code == 0
    first, again = (line.split() for line in (tmp_path / "said").read_text().splitlines())
    assert first[0] == again[0]
    assert (first[1], again[1]) == ("2", "1")


def test_more_than_three_refuse_the_run(tmp_path: Path) -> None:
    done = Outcome(tmp_path, _numbered(4, FLAKY))
    assert done.code == 1
    assert "test_it.py::test_fails_once[3]" in done.section("FAILED")
    assert len(re.findall(r"^  again  .*PYTHONHASHSEED=\d+ ", done.out, re.MULTILINE)) == 4
    assert len(list((tmp_path / ".ci/logs").glob("[1-4].log"))) == 4
    assert "once more" not in done.out


@pytest.mark.parametrize(
    "tests",
    [
        "def test_it():\n    assert not 'ever'\n",
        "@pytest.fixture\ndef broken():\n    raise OSError\n\ndef test_it(broken):\n    pass\n",
        "@pytest.fixture\ndef broken():\n    yield\n    raise OSError\n\n"
        "def test_it(broken):\n    pass\n",
        "def test_it():\n    os._exit(0)\n",
    ],
    ids=["fails", "set-up", "teardown", "dies"],
)
def test_what_fails_twice_refuses_the_run(tests: str, tmp_path: Path) -> None:
    done = Outcome(tmp_path, tests + FLAKY.replace("(number)", "(number=9)"))
    assert done.code == 1
    assert "test_it.py::test_it" in done.section("FAILED: 1 failed twice")
    assert "test_it.py::test_fails_once" in done.section("FLAKY: 1")


@pytest.mark.parametrize(
    "tests",
    ["def test_it(:\n", "import nothing_of_this_name\n", ""],
    ids=["syntax", "import", "no"],
)
def test_what_could_not_be_tested_refuses_the_run(tests: str, tmp_path: Path) -> None:
    done = Outcome(tmp_path, tests)
    assert done.code != 0
    assert "once more" not in done.out


def test_the_layers_run_by_their_cost() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-n", "0", "tests/core",
         "tests/worktrees/test_git.py", "tests/agents/test_real_claude.py", "tests/shim"],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST")},
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )  # fmt: skip
    folders = [line.split("/")[1] for line in listed.stdout.splitlines() if "::" in line]
    assert list(dict.fromkeys(folders)) == ["core", "worktrees", "shim", "agents"]
