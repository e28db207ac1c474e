"""A repository with a filter that only its own configuration names, from the command line."""

from pathlib import Path

from tests.support.person import Person

ENCODE = '#!/bin/sh\ncase "$1" in clean) base64 ;; *) base64 -d ;; esac\n'
START = ("--agent", "demo", "--base", "head", "--name", "one")


def with_filter(person: Person) -> Path:
    repo = person.repository()
    program = person.tmp / "vault"
    program.write_text(ENCODE)
    program.chmod(0o755)
    for part in ("clean", "smudge"):
        person.git("config", f"filter.vault.{part}", f"{program} {part}", cwd=repo)
    (repo / ".gitattributes").write_text("*.key filter=vault\n")
    (repo / "a.key").write_text("the plain secret\n")
    person.git("add", "-A", cwd=repo)
    person.git("commit", "-qm", "key", cwd=repo)
    return repo


def test_it_is_refused_until_its_lines_are_accepted(person: Person) -> None:
    repo = with_filter(person)
    for more in ((), ("--untrusted",)):
        refused = person.run("new", "echo hi", "-C", str(repo), *START, *more)
        assert refused.code == 4
        assert f"trust {repo}" in refused.err
    assert "vault" in refused.err
    shown = person.ok("trust", "--show", str(repo))
    assert "git: .git/config" in shown
    assert "filter.vault.smudge = " in shown
    assert "filter.vault.smudge = " in person.ok("trust", str(repo))
    person.ok("new", "echo hi", "-C", str(repo), *START)
    person.wait("one", "done")
    top = Path(person.ok("path", "one"))
    assert (top / "a.key").read_text() == "the plain secret\n"
    (top / "b.key").write_text("another secret\n")
    assert "b.key" in person.ok("diff", "one", "--stat")
    person.git("config", "filter.vault.clean", "cat", cwd=repo)
    told = person.run("diff", "one", "--stat")
    assert "without b.key, a.key" in told.err or "without a.key, b.key" in told.err
    assert "secret" not in person.ok("diff", "one")
