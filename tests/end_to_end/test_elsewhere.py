"""Sessions in the person's own checkout, and in directories that a hook makes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.person import Person


def settings(directory: Path, value: dict[str, Any]) -> None:
    (directory / ".claude").mkdir(exist_ok=True)
    (directory / ".claude/settings.json").write_text(json.dumps(value))


def command(text: str) -> list[dict[str, Any]]:
    return [{"hooks": [{"type": "command", "command": text}]}]


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """Where the hook makes its directories."""
    path = tmp_path / "made"
    path.mkdir()
    return path


def hooked(person: Person, made: Path) -> Path:
    """A plain directory whose hooks copy it, and note what they are told."""
    plain = person.tmp / "plain"
    plain.mkdir()
    (plain / "data.txt").write_text("data\n")
    name = "import json,sys; print(json.load(sys.stdin)['name'])"
    make = f'cd {made} && n=$(python3 -c "{name}") && cp -r {plain} $n && echo {made}/$n'
    settings(
        plain,
        {
            "hooks": {
                "WorktreeCreate": command(make),
                "WorktreeRemove": command(f"cat > {person.tmp}/removed"),
            }
        },
    )
    person.ok("trust", str(plain))
    return plain


def test_a_hook_makes_the_directory_of_a_session(person: Person, made: Path) -> None:
    """In no git repository at all: made, worked in, deleted, restored."""
    person.env["PARALLEL_AGENTS_DEMO_DIR"] = str(person.tmp / "demo")
    plain = hooked(person, made)
    session = person.ok(
        "new", "edit", "-C", str(plain), "--agent", "demo", "--permission-mode", "acceptEdits"
    )
    person.wait(session, "done", "failed")
    row = person.show(session)
    place = Path(row["worktree"])
    assert (row["state"], place.parent) == ("done", made)
    assert (place / "data.txt").read_text() == "data\n"
    assert "WorktreeCreate hook made this directory" in person.ok("logs", session)
    assert person.ok("diff", session) == ""
    (place / "mine.txt").write_text("mine\n")
    person.ok("rm", session)
    assert not place.exists()
    assert json.loads((person.tmp / "removed").read_text())["worktree_path"] == str(place)
    person.ok("restore", session)
    assert (place / "mine.txt").read_text() == "mine\n"
    person.ok("send", session, "echo again")
    person.wait(session, "done")


def test_a_hook_that_fails_is_said_and_tried_again(person: Person, made: Path) -> None:
    plain = person.tmp / "plain"
    plain.mkdir()
    test = f"test -f {person.tmp}/ready || {{ echo not yet >&2; exit 3; }}"
    make = f"{test}; mkdir {made}/one; echo {made}/one"
    settings(plain, {"hooks": {"WorktreeCreate": command(make)}})
    person.ok("trust", str(plain))
    session = person.ok("new", "echo hi", "-C", str(plain), "--agent", "demo")
    person.wait(session, "failed")
    assert "exit status 3: not yet" in person.show(session)["detail"]
    (person.tmp / "ready").touch()
    person.ok("respawn", session)
    person.wait(session, "done")


def test_a_plain_directory_needs_a_hook_that_was_accepted(person: Person, made: Path) -> None:
    plain = person.tmp / "other"
    plain.mkdir()
    bare = person.run("new", "hi", "-C", str(plain), "--agent", "demo")
    assert (bare.code, "not in a git repository" in bare.err) == (1, True)
    settings(plain, {"hooks": {"WorktreeCreate": command(f"touch {person.tmp}/ran")}})
    asked = person.run("new", "hi", "-C", str(plain), "--agent", "demo")
    assert (asked.code, "parallel-agents trust" in asked.err) == (4, True)
    without = person.run("new", "hi", "-C", str(plain), "--agent", "demo", "--untrusted")
    assert without.code == 4
    assert not (person.tmp / "ran").exists()


def test_a_session_in_the_checkout(person: Person) -> None:
    """`worktree.bgIsolation: none`: said loudly, one at a time, and nothing is removed."""
    person.env["PARALLEL_AGENTS_DEMO_DIR"] = str(person.tmp / "demo")  # else one in a checkout
    repo = person.repository()
    settings(repo, {"worktree": {"bgIsolation": "none"}})
    person.ok("trust", str(repo))
    here = ("-C", str(repo), "--agent", "demo")
    session = person.ok("new", "edit", *here, "--permission-mode", "acceptEdits")
    person.wait(session, "done")
    assert person.show(session)["worktree"] == str(repo)
    assert "works in your own checkout" in person.ok("logs", session)
    assert person.ok("diff", session, "--stat")
    assert "+++ b/" in person.ok("diff", session)
    second = person.run("new", "edit", *here)
    assert (second.code, session in second.err) == (4, True)
    apart = person.ok("new", "echo hi", *here, "--base", "head")
    assert person.show(apart)["worktree"] != str(repo)
    before = sorted(repo.iterdir())
    person.ok("rm", session)
    assert sorted(repo.iterdir()) == before
    another = person.ok("new", "echo hi", *here)
    person.wait(another, "done")
    refused = person.run("restore", session)
    assert (refused.code, another in refused.err) == (4, True)
    person.ok("rm", another)
    person.ok("restore", session)
    person.ok("send", session, "echo again")
    person.wait(session, "done")


@pytest.mark.claude
def test_the_real_claude_in_both(developer: Person, made: Path) -> None:
    """It works where it is told, and makes no place of its own."""
    plain = hooked(developer, made)
    write = 'WRITE {"file_path": "$CWD/note.txt", "content": "hello\\n"}'
    there = developer.ok("new", write, "-C", str(plain), "--permission-mode", "acceptEdits")
    repo = developer.repository()
    settings(repo, {"worktree": {"bgIsolation": "none"}})
    developer.ok("trust", str(repo))
    here = developer.ok("new", write, "-C", str(repo), "--permission-mode", "acceptEdits")
    for session in (there, here):
        developer.wait(session, "done")
        place = Path(developer.show(session)["worktree"])
        assert (place / "note.txt").read_text() == "hello\n"
    assert [path.name for path in made.iterdir()] == [Path(developer.show(there)["worktree"]).name]
    assert developer.ok("diff", here).count("+hello") == 1
    developer.ok("stop", there)
    developer.ok("send", there, "SAY still here")
    developer.wait(there, "done")
    assert "still here" in developer.ok("logs", there)
