"""Who started the supervisor, and who asks: git belongs to the second."""

from pathlib import Path

import pytest

from tests.support.person import Person


@pytest.fixture
def bin_directory(tmp_path: Path) -> Path:
    """A directory that only some of a person's shells have on their PATH."""
    found = tmp_path / "bin"
    found.mkdir()
    (found / "encode").write_text("#!/bin/sh\ntr a-z A-Z\n")
    (found / "encode").chmod(0o755)
    return found


def test_a_filter_is_found_on_the_callers_path(person: Person, bin_directory: Path) -> None:
    """For the new session, for what is asked about it, and after the supervisor was killed."""
    repo = person.repository()
    person.json("ls")  # this shell's supervisor
    person.git("config", "--global", "filter.up.smudge", "encode", cwd=repo)
    person.git("config", "--global", "filter.up.clean", "encode", cwd=repo)
    person.git("config", "--global", "filter.up.required", "true", cwd=repo)
    (repo / ".gitattributes").write_text("*.up filter=up\n")
    (repo / "a.up").write_text("A\n")
    before = person.env["PATH"]
    person.env["PATH"] = f"{bin_directory}:{before}"
    person.git("add", "-A", cwd=repo)
    person.git("commit", "-qm", "up", cwd=repo)
    start = ("--agent", "demo", "--base", "head", "-C", str(repo))
    person.ok("new", "edit: one", "--name", "one", *start)
    person.wait("one", "done", "blocked")
    top = Path(person.ok("path", "one"))
    (top / "b.up").write_text("B\n")
    assert "b.up" in person.ok("diff", "one", "--stat")
    person.env["PATH"] = before
    missing = person.run("new", "two", "--name", "two", *start, "--wait-ready")
    assert missing.code != 0
    assert "encode" in missing.err
    person.kill_supervisor()
    person.wait("one", "done", "blocked")


def test_a_prompt_with_nul_is_refused_at_once(person: Person) -> None:
    repo = person.repository()
    refused = person.run("new", "-", "-C", str(repo), "--agent", "demo", stdin="a\0b")
    assert (refused.code, refused.out) == (2, "")
    assert "NUL" in refused.err
    assert person.json("ls") == []
