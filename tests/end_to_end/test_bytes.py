"""Names and words that are no UTF-8: names come back byte for byte, words become text once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.world import World, wait_until

LATIN = b"caf\xe9"
DONE = ("done", "idle", "failed", "blocked")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World() as made:
        made.trust()
        yield made


def run(
    world: World, *words: bytes | str, stdin: bytes = b"", cwd: Path | None = None
) -> tuple[int, bytes, bytes]:
    """A verb with bytes as the shell would hand them over."""
    arguments = [os.fsencode(word) for word in (sys.executable, "-I", "-m", "parallel_agents")]
    done = subprocess.run(
        [*arguments, *map(os.fsencode, words)],
        cwd=cwd or world.repo,
        env=world.env,
        input=stdin,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def new(world: World, *words: bytes | str, stdin: bytes = b"", cwd: Path | None = None) -> str:
    code, out, err = run(
        world, "new", "--json", "--agent", "demo", "--base", "head", *words, stdin=stdin, cwd=cwd
    )
    assert code == 0, err
    return str(json.loads(out)["id"])


def test_words_of_a_prompt_become_text(world: World) -> None:
    session = new(world, b"echo " + LATIN)
    row = world.wait_state(session, *DONE)
    assert row["name"] == "echo caf\ufffd"
    code, out, _ = run(world, "logs", session)
    assert code == 0
    assert "caf\ufffd" in out.decode()


def test_words_from_standard_input_become_text(world: World) -> None:
    session = new(world, "-", stdin=b"echo " + LATIN)
    assert "caf\ufffd" in world.wait_state(session, *DONE)["name"]


def test_every_other_verb_that_takes_words(world: World) -> None:
    session = new(world, "echo ready")
    world.wait_state(session, "done")
    assert run(world, "rename", session, LATIN)[0] == 0
    assert world.row(session)["name"] == "caf\ufffd"
    assert run(world, "send", session, b"permission: " + LATIN)[0] == 0
    world.wait_state(session, "blocked")
    assert run(world, "answer", session, "--deny", LATIN)[0] == 0
    world.wait_state(session, "done")
    assert run(world, "show", b"none-" + LATIN)[0] == 3
    assert run(world, "ls")[0] == 0
    assert run(world, "rm", session)[0] == 0
    assert run(world, "restore", session)[0] == 0


def test_names_of_files_come_back_byte_for_byte(world: World) -> None:
    """A copy of `.worktreeinclude`, an untracked file, and a deletion with its restore."""
    name = os.fsdecode(b"cl\xe9.env")
    (world.repo / ".gitignore").write_text("*.env\n")
    (world.repo / ".worktreeinclude").write_bytes(b"*.env\n")
    (world.repo / name).write_text("KEY=1\n")
    for words in (["add", ".gitignore", ".worktreeinclude"], ["commit", "-qm", "settings"]):
        subprocess.run(["git", *words], cwd=world.repo, env=world.env, check=True)
    world.trust()
    session = new(world, "echo ready")
    tree = Path(world.wait_state(session, "done")["worktree"])
    assert (tree / name).read_text() == "KEY=1\n"
    (tree / os.fsdecode(b"n\xe9w.txt")).write_text("mine\n")
    code, out, _ = run(world, "diff", session)
    assert code == 0, out
    assert run(world, "rm", session)[0] == 0
    assert run(world, "restore", session)[0] == 0
    assert (tree / os.fsdecode(b"n\xe9w.txt")).read_text() == "mine\n"
    assert (tree / name).read_text() == "KEY=1\n"


def test_a_repository_whose_path_is_no_text(world: World) -> None:
    repo = world.make_repository(world.root / os.fsdecode(b"d\xe9p\xf4t"))
    world.trust(repo)
    session = new(world, "echo ready", cwd=repo)
    row = world.wait_state(session, "done")
    assert os.fsencode(row["repo"]) == os.fsencode(repo)
    code, out, _ = run(world, "path", session)
    assert code == 0
    assert out.rstrip(b"\n") == os.fsencode(row["worktree"])
    code, out, _ = run(world, "ls", "--json", cwd=repo)
    assert code == 0
    assert os.fsencode(repo) in {os.fsencode(one["repo"] or "") for one in json.loads(out)}
    world.kill_supervisor()
    wait_until(lambda: world.row(session)["state"] == "done")
    assert run(world, "rm", session)[0] == 0


def test_a_session_that_was_begun_with_nothing_is_not_left_behind(world: World) -> None:
    before = set((world.state / "sessions").iterdir())
    code, _, err = run(world, "new", "--agent", "demo", "--base", b"no-" + LATIN, "echo x")
    assert code != 0 or err
    for directory in set((world.state / "sessions").iterdir()) - before:
        assert (directory / "journal.jsonl").stat().st_size
