"""On the real `claude`: what was deleted goes on where it was; another's worktree is taken over."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.support.person import Person

pytestmark = pytest.mark.claude


def _asked(developer: Person) -> str:
    """All that the agent's own record of the conversation holds."""
    files = Path(developer.env["HOME"]).rglob("*.jsonl")
    return "".join(path.read_text() for path in files if "projects" in str(path))


def test_a_restored_session_resumes_its_conversation(developer: Person) -> None:
    shop = developer.repository("shop")
    developer.ok("new", "SAY the first word", "-C", str(shop), "--base", "head", "--name", "one")
    developer.wait("one", "done")
    row = developer.show("one")
    tree = Path(row["worktree"])
    (tree / "staged.txt").write_text("staged")
    git = ["git", "-C", str(tree)]
    subprocess.run([*git, "add", "staged.txt"], env=developer.env, check=True)
    (tree / "untracked.txt").write_text("untracked")
    developer.ok("rm", "one")
    assert not tree.exists()
    developer.ok("restore", row["id"])
    status = subprocess.run(
        [*git, "status", "--porcelain"], env=developer.env, check=True, capture_output=True
    )
    assert status.stdout == b"A  staged.txt\n?? untracked.txt\n"
    developer.ok("send", "one", "SAY the second word")
    developer.wait("one", "done")
    again = developer.show("one")
    assert (again["sessionId"], again["worktree"]) == (row["sessionId"], row["worktree"])
    logs = developer.ok("logs", "one")
    assert logs.index("the first word") < logs.index("the second word")
    kept = [line for line in _asked(developer).splitlines() if row["sessionId"] in line]
    said = [line for line in kept if json.loads(line).get("type") == "user"]
    assert any("the first word" in line for line in said)
    assert any("the second word" in line for line in said)


def test_an_adopted_worktree_is_worked_in(developer: Person) -> None:
    shop = developer.repository("shop")
    tree = shop / ".claude/worktrees/theirs"
    add = ["git", "-C", str(shop), "worktree", "add", "-q", "-b", "their-branch", str(tree)]
    subprocess.run(add, env=developer.env, check=True)
    developer.ok(
        "adopt", str(tree), 'WRITE {"file_path": "$CWD/note.txt", "content": "adopted\\n"}',
        "--permission-mode", "acceptEdits",
    )  # fmt: skip
    developer.wait("theirs", "done")
    assert (tree / "note.txt").read_text() == "adopted\n"
    assert not (shop / "note.txt").exists()
    developer.ok("rm", "theirs")
    branches = subprocess.run(
        ["git", "-C", str(shop), "branch", "--list", "their-branch"],
        env=developer.env, check=True, capture_output=True,
    )  # fmt: skip
    assert branches.stdout.strip() == b"their-branch"
