"""What the demo's sessions say is what git and the tests say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from parallel_agents import demo_tasks
from parallel_agents.agents.demo import files
from parallel_agents.worktrees.compare.scratch import make_scratch_repository
from tests.agents.demo_harness import Demo, Frame, allow, of, texts

Decide = Callable[[Frame], Frame]
_ENV = {"GIT_CONFIG_GLOBAL": os.devnull, "PATH": os.environ["PATH"]}
_CLAIM = re.compile(r"(\d+) files? changed, \+(\d+) −(\d+)\.")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return Path(make_scratch_repository(str(tmp_path / "demo")))


def git(shop: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=shop, env=_ENV, capture_output=True, check=True)
    return done.stdout.decode()


def numstat(shop: Path) -> tuple[int, int, int]:
    """Files, lines added and lines removed, as git counts them."""
    git(shop, "add", "--all", "--intent-to-add")
    rows = [line.split("\t") for line in git(shop, "diff", "--numstat").splitlines()]
    return len(rows), sum(int(row[0]) for row in rows), sum(int(row[1]) for row in rows)


def claimed(frames: list[Frame]) -> tuple[int, ...]:
    found = _CLAIM.search(texts(frames)[-1])
    return tuple(map(int, found.groups())) if found else (0, 0, 0)


def play(shop: Path, task: str, decide: Decide = allow, mode: str = "default") -> list[Frame]:
    with Demo(shop, "--session-id", str(uuid4()), "--permission-mode", mode) as demo:
        return demo.turn(task, decide)


def unittest(shop: Path, *words: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-B", "-m", "unittest", *words]
    return subprocess.run(program, cwd=shop, capture_output=True, text=True, check=False)


def choosing(store: str, extras: str) -> Decide:
    def decide(request: Frame) -> Frame:
        given = dict(request["input"])
        if request["tool_name"] == "AskUserQuestion":
            one, two = (question["question"] for question in given["questions"])
            given["answers"] = {one: store, two: extras}
        return {"behavior": "allow", "updatedInput": given}

    return decide


def test_the_fix(shop: Path) -> None:
    assert "FAIL: test_ten_cost_a_tenth_less" in unittest(shop).stderr
    frames = play(shop, demo_tasks.FIX)
    results = [b["content"] for f in of(frames, "user") for b in f["message"]["content"]]
    assert "FAIL: test_ten_cost_a_tenth_less" in results[0]
    assert results[-1].endswith("OK")
    after = unittest(shop)
    assert after.returncode == 0
    count = re.search(r"Ran (\d+) tests", after.stderr)
    assert count
    assert texts(frames)[-1] == f"I ran {count[1]} tests; all pass. 1 file changed, +1 −1."
    assert numstat(shop) == (1, 1, 1)


@pytest.mark.parametrize(
    ("task", "decide", "mode", "count"),
    [
        (demo_tasks.RENAME, allow, "acceptEdits", 4),
        (demo_tasks.PLAN, allow, "plan", 2),
        (demo_tasks.ORDERS, choosing("SQLite", "Tests, README"), "default", 3),
        (demo_tasks.ORDERS, choosing("JSON lines", "Tests"), "default", 2),
        (demo_tasks.ORDERS, choosing("something else", ""), "default", 1),
        ("edit: write down what this project does", allow, "default", 3),
        ("make it better", allow, "default", 3),
    ],
)
def test_counts_are_those_of_git(
    shop: Path, task: str, decide: Decide, mode: str, count: int
) -> None:
    frames = play(shop, task, decide, mode)
    assert numstat(shop)[0] == count
    if not task.startswith("edit"):
        assert claimed(frames) == numstat(shop)
    assert unittest(shop, "tests.test_checkout", "tests.test_catalogue").returncode == 0
    if (shop / "tests/test_orders.py").exists():
        assert unittest(shop, "tests.test_orders").returncode == 0


@pytest.mark.parametrize(
    "task", [demo_tasks.FIX, demo_tasks.ORDERS, demo_tasks.PLAN, demo_tasks.RENAME]
)
@pytest.mark.parametrize("allowed", range(4))
def test_nothing_is_done_that_was_not_allowed(shop: Path, task: str, allowed: int) -> None:
    """The first requests are allowed, the others denied; the count still is git's."""
    asked: list[str] = []
    changed: list[str] = []

    def decide(request: Frame) -> Frame:
        asked.append(request["tool_name"])
        changed.append(git(shop, "status", "--porcelain"))
        if len(asked) > allowed:
            return {"behavior": "deny", "message": "not now"}
        return choosing("SQLite", "Tests, README")(request)

    frames = play(shop, task, decide)
    edits = sum(tool in ("Write", "Edit") for tool in asked[:allowed])
    assert bool(git(shop, "status", "--porcelain")) == bool(edits)
    assert changed[0] == ""
    assert claimed(frames) == numstat(shop)


def test_two_sessions_touch_the_same_file(shop: Path) -> None:
    play(shop, demo_tasks.FIX)
    fixed = git(shop, "diff", "--name-only").split()
    git(shop, "checkout", "--", ".")
    play(shop, demo_tasks.RENAME)
    assert set(fixed) & set(git(shop, "diff", "--name-only").split()) == {"shop/cart.py"}


def test_an_explanation_changes_nothing_and_asks_for_nothing(shop: Path) -> None:
    frames = play(shop, demo_tasks.EXPLAIN)
    told = texts(frames)[-1]
    assert "`price_of`: Price of one thing in cents." in told
    assert len(told.splitlines()) > 40
    for name in ("shop/cart.py", "tests/test_cart.py"):
        lines = len((shop / name).read_text().splitlines())
        assert f"**`{name}`**, {lines} lines" in told
    assert not of(frames, "control_request")
    assert git(shop, "status", "--porcelain") == ""


def test_elsewhere_the_tasks_are_ordinary_prompts(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, env=_ENV)
    frames = play(tmp_path, demo_tasks.FIX)
    asked = [frame["request"]["tool_name"] for frame in of(frames, "control_request")]
    assert asked == ["Write", "Write", "Write", "Bash"]
    assert (tmp_path / "greeting.py").exists()


@pytest.mark.parametrize("name", ["../outside.py", "{tmp}/outside.py", "link/new.py", "out.py"])
@pytest.mark.parametrize("task", [demo_tasks.RENAME, demo_tasks.ORDERS])
def test_no_edit_leaves_the_worktree(shop: Path, tmp_path: Path, name: str, task: str) -> None:
    """Neither where the person edits the path, nor by a link."""
    outside = tmp_path / "outside.py"
    outside.write_text("import price_of\n")
    (shop / "link").symlink_to(tmp_path, target_is_directory=True)
    (shop / "out.py").symlink_to(outside)

    def decide(request: Frame) -> Frame:
        answer = choosing("SQLite", "Tests")(request)
        if "file_path" in answer["updatedInput"]:
            answer["updatedInput"]["file_path"] = name.format(tmp=tmp_path)
        return answer

    before = sorted(path.name for path in tmp_path.iterdir())
    frames = play(shop, task, decide)
    blocks = [b for f in of(frames, "user") for b in f["message"]["content"]]
    assert "outside the worktree" in next(b["content"] for b in blocks if b.get("is_error"))
    assert outside.read_text() == "import price_of\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert "Then I stop here. No file changed." in texts(frames)[-1]


@pytest.mark.parametrize("path", ["..", ".", ".git/config", "a/../../b", "/etc/passwd"])
def test_paths_outside(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(files.OutsideError, match="outside the worktree"):
        files.inside(Path(path))


def test_other_bytes_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    place = tmp_path / "a/b.txt"
    place.write_bytes(b"one\r\n\xff two\r\n")
    files.write(Path("a/b.txt"), files.read(Path("a/b.txt")).replace("two", "three"))
    assert place.read_bytes() == b"one\r\n\xff three\r\n"
    files.write(tmp_path / "c/d/e.txt", "new\n")
    assert (tmp_path / "c/d/e.txt").read_text() == "new\n"
