"""What goes wrong is said plainly, with the right exit code, and nothing is lost."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.person import Person


def demo(person: Person, repo: Path, prompt: str, *more: str) -> str:
    return person.ok("new", prompt, "-C", str(repo), "--base", "head", "--agent", "demo", *more)


def test_places(person: Person) -> None:
    """No repository, not trusted, unborn, no such base: code and next step."""
    result = person.run("new", "hello", "-C", str(person.tmp / "nowhere"), "--agent", "demo")
    assert (result.code, result.err.count("\n") >= 1) == (1, True)
    plain = person.tmp / "plain"
    plain.mkdir()
    assert person.run("new", "hello", "-C", str(plain), "--agent", "demo").code == 1
    person.git("init", "-q", cwd=plain)
    unborn = person.run("new", "hello", "-C", str(plain), "--agent", "demo")
    assert unborn.code == 1
    assert "commit" in unborn.err
    (plain / "a").write_text("a")
    person.git("add", "-A", cwd=plain)
    person.git("commit", "-qm", "a", cwd=plain)
    untrusted = person.run("new", "hello", "-C", str(plain), "--agent", "demo")
    assert untrusted.code == 4
    assert "parallel-agents trust" in untrusted.err
    assert not (plain / ".claude").exists()
    person.ok("trust", str(plain))
    base = person.run("new", "hello", "-C", str(plain), "--agent", "demo", "--base", "no-such")
    assert base.code == 1
    assert "no-such" in base.err
    assert person.run("new", "x", "-C", str(plain), "--agent", "demo", "--base", "#12").code == 2
    assert person.json("ls") == []


def test_changed_configuration_asks_again(person: Person) -> None:
    """Trust belongs to what would run, not to the folder."""
    repo = person.repository()
    demo(person, repo, "echo one", "--name", "one")
    (repo / ".claude").mkdir(exist_ok=True)
    (repo / ".claude/settings.json").write_text('{"hooks": {}}')
    again = person.run("new", "echo two", "-C", str(repo), "--base", "head", "--agent", "demo")
    assert again.code == 4
    demo(person, repo, "echo three", "--untrusted", "--name", "three")
    person.ok("trust", str(repo))
    demo(person, repo, "echo four", "--name", "four")


def test_sessions_that_are_not_there(person: Person) -> None:
    repo = person.repository()
    first = demo(person, repo, "echo hello", "--name", "twin")
    second = demo(person, repo, "echo hello", "--name", "twin")
    assert first != second
    assert person.run("show", "no-such").code == 3
    assert person.run("show", "twin").code == 2
    assert person.run("show", "").code == 3
    assert person.run("wait", first, "--until", "nonsense").code == 2
    assert person.run("bogus").code == 2
    person.wait(first, "done")
    assert person.run("answer", first, "--allow").code == 1
    assert person.run("interrupt", first).code == 1
    assert person.run("restore", first).code == 3
    assert person.run("wait", first, "--until", "blocked", "--timeout", "0.2").code == 124


NAMES = ("a/b", "with space", "-leading", "émoji 🎉", "x" * 190, "a\nb", "\u202egnp.exe", "'\"$(x)")


def test_names(person: Person) -> None:
    """Any name is only a name; the directory and branch are slugs of ours."""
    dispatch = ("new", "echo hi", "-C", str(person.repository()), "--base", "head")
    sessions = {person.ok(*dispatch, "--agent", "demo", f"--name={name}"): name for name in NAMES}
    assert len(sessions) == len(NAMES)
    for session, name in sessions.items():
        person.wait(session, "done")
        row = person.show(session)
        assert row["name"] == name.strip()
        slug = Path(row["worktree"]).name
        assert slug.replace("-", "").isalnum()
        assert slug.isascii()
    assert "\u202e" not in person.ok("ls")


def test_long_name_and_empty_prompt(person: Person) -> None:
    repo = person.repository()
    base = ("-C", str(repo), "--agent", "demo", "--base", "head")
    assert person.run("new", "echo", "--name", "x" * 300, *base).code == 2
    assert person.run("new", "  \n", *base).code == 2


def test_missing_claude(person: Person) -> None:
    repo = person.repository()
    person.env["PARALLEL_AGENTS_CLAUDE"] = "/no/such/claude"
    result = person.run("new", "hello", "-C", str(repo))
    assert result.code == 1
    assert "npm install" in result.err


def test_claude_that_dies_at_once(person: Person) -> None:
    repo = person.repository()
    fake = person.tmp / "claude"
    fake.write_text("#!/bin/sh\necho it broke >&2\nexit 7\n")
    fake.chmod(0o755)
    person.env["PARALLEL_AGENTS_CLAUDE"] = str(fake)
    session = person.ok("new", "hello", "-C", str(repo), "--base", "head")
    person.wait(session, "failed")
    assert "it broke" in person.show(session)["detail"]
    assert "hello" in person.ok("logs", session)


@pytest.mark.parametrize("story", ["garbage", "big 100000000", "crash 3"])
def test_odd_output(person: Person, story: str) -> None:
    """Output that is not JSON, a line of 100 MB, a crash: the session goes on or says so."""
    repo = person.repository()
    session = demo(person, repo, story)
    person.wait(session, "done", "failed")
    logs = person.ok("logs", session)
    assert not any(ord(c) < 32 and c not in "\n\t" for c in logs)
    assert person.show(session)["state"] == ("failed" if "crash" in story else "done")


def test_a_full_disk(tmp_path: Path) -> None:
    """A small file system of its own is filled under a supervisor and two agents."""
    unshare = ["unshare", "-Urm"]
    if not shutil.which("unshare") or subprocess.run([*unshare, "true"], check=False).returncode:
        pytest.skip("user namespaces are not available here")
    done = subprocess.run(
        [*unshare, sys.executable, "-m", "tests.end_to_end.full_disk", str(tmp_path)],
        cwd=Path(__file__).parents[2],
        env={"PYTHONPATH": os.pathsep.join(sys.path), "PATH": os.environ["PATH"]},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_repository_full_of_our_module_names(person: Person) -> None:
    """Nothing of an untrusted directory becomes part of us."""
    repo = person.repository()
    canary = person.tmp / "canary"
    for module in ("json", "asyncio", "pydantic", "parallel_agents", "socket"):
        (repo / f"{module}.py").write_text(f"open({str(canary)!r}, 'w').write('ran')\n")
    session = demo(person, repo, "echo hi")
    person.wait(session, "done")
    person.kill_supervisor()
    subprocess.run(
        [sys.executable, "-P", "-m", "parallel_agents", "ls"],
        cwd=repo,
        env=person.env,
        check=True,
        capture_output=True,
    )
    assert not canary.exists()


def test_old_socket_and_second_supervisor(person: Person) -> None:
    repo = person.repository()
    demo(person, repo, "echo hi")
    path = Path(person.show_status()["socket"])
    person.kill_supervisor()
    path.unlink()
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(os.fspath(path))
    stale.close()
    assert len(person.json("ls")) == 1
    assert person.run("daemon", "run").code == 0
    assert len(person.json("ls")) == 1


def test_repeated_key_acts_once(person: Person) -> None:
    """A client that asks again after a crash gets the first answer."""
    repo = person.repository()
    session = demo(person, repo, "echo first")
    person.wait(session, "done")
    with person.client() as client:
        from parallel_agents.wire.messages import New, Send

        send = Send(key="11111111-2222-4333-8444-555555555555", session=session, text="echo again")
        client.request(send)
        client.request(send)
        new = New(
            key="21111111-2222-4333-8444-555555555555",
            prompt="echo x",
            directory=str(repo),
            base="head",
            agent="demo",
            environment=person.env,
        )
        ids = {client.request(new).id for _ in range(2)}
    person.wait(session, "done")
    assert person.ok("logs", session).count("> echo again") == 1
    assert len(ids) == 1
    assert len(person.json("ls")) == 2


def test_claude_too_old(person: Person) -> None:
    repo = person.repository()
    fake = person.tmp / "claude"
    fake.write_text("#!/bin/sh\necho '2.1.100 (Claude Code)'\n")
    fake.chmod(0o755)
    person.env["PARALLEL_AGENTS_CLAUDE"] = str(fake)
    result = person.run("new", "hello", "-C", str(repo), "--base", "head")
    assert result.code == 1
    assert "2.1.240 or newer" in result.err


def test_settings(person: Person) -> None:
    """Each setting does something, and a wrong one is named."""
    config = person.home / "config/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('agent = "demo"\nmode = "acceptEdits"\nmodel = "demo-small"\n')
    repo = person.repository()
    session = person.ok("new", "echo hi", "-C", str(repo), "--base", "head")
    person.wait(session, "done")
    row = person.show(session)
    assert (row["agent"], row["mode"], row["model"]) == ("demo", "acceptEdits", "demo-small")
    assert "acceptEdits" in person.run("doctor").out
    person.ok("daemon", "stop")
    config.write_text("nonsense = 1\n")
    result = person.run("ls")
    assert result.code == 5
    assert "nonsense" in result.err
    config.unlink()


def test_repository_presets(person: Person) -> None:
    """A repository's own settings count once trusted; what a person names wins."""
    repo = person.repository()
    (repo / ".parallel-agents.toml").write_text('agent = "demo"\nmode = "acceptEdits"\n')
    base = ("-C", str(repo), "--base", "head")
    assert person.run("new", "echo hi", *base).code == 4
    person.ok("trust", str(repo))
    session = person.ok("new", "echo hi", *base)
    person.wait(session, "done")
    assert (person.show(session)["agent"], person.show(session)["mode"]) == ("demo", "acceptEdits")
    named = person.ok("new", "echo hi", *base, "--permission-mode", "plan")
    person.wait(named, "done", "blocked")
    assert person.show(named)["mode"] == "plan"


def test_a_patch_in_a_pipe_is_exact(person: Person) -> None:
    """Bytes of any encoding, binary content, and more than one page of it."""
    repo = person.repository()
    demo(person, repo, "echo hi", "--name", "one")
    person.wait("one", "done")
    top = Path(person.ok("path", "one"))
    contents = {
        "latin.txt": b"caf\xe9\r\nno end",
        "binary": bytes(range(256)) * 9000,
        "large.txt": "Zeile für Zeile\n".encode() * 60_000,
    }
    for name, content in contents.items():
        (top / name).write_bytes(content)
    printed = subprocess.run(
        [sys.executable, "-m", "parallel_agents", "diff", "one"],
        env=person.env, cwd=repo, capture_output=True, check=True,
    ).stdout  # fmt: skip
    subprocess.run(["git", "apply", "-"], input=printed, cwd=repo, env=person.env, check=True)
    assert {name: (repo / name).read_bytes() for name in contents} == contents
