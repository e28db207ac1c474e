"""Every verb where its surroundings are broken: one plain line, the right exit code."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from parallel_agents.cli.main import VERBS
from tests.support.person import Person, Result
from tests.support.terminal import Terminal

PROGRAM = str(Path(sys.executable).with_name("parallel-agents"))
RELATIVE = {"new", "trust", "adopt"}
"""The verbs that read the current directory as they are called here."""

CALLS = {
    "new": ("echo hi", "--agent", "demo"),
    "ls": (),
    "inbox": (),
    "show": ("one",),
    "logs": ("one",),
    "search": ("echo",),
    "send": ("one", "echo more"),
    "answer": ("one", "--allow"),
    "interrupt": ("one",),
    "wait": ("one", "--until", "done,idle,blocked,stopped", "--timeout", "30"),
    "diff": ("one", "--stat"),
    "comment": ("one", ".", "well done"),
    "comments": ("one",),
    "reject": ("one", "--undo"),
    "check": ("one",),
    "checks": ("one",),
    "explain": ("one",),
    "path": ("one",),
    "attach": ("one",),
    "rename": ("one", "one"),
    "pin": ("one",),
    "archive": ("one",),
    "unarchive": ("one",),
    "snooze": ("one", "off"),
    "stop": ("one",),
    "respawn": ("one",),
    "rm": ("one", "--dry-run"),
    "restore": ("nobody",),
    "trash": (),
    "clean": ("--dry-run",),
    "adopt": ("x",),
    "trust": (".",),
    "doctor": (),
    "demo": ("--no-screen",),
    "daemon": ("status",),
}
SILENT = {
    "send", "rename", "pin", "archive", "unarchive", "snooze", "stop", "respawn", "interrupt",
    "attach", "restore", "answer",
}  # fmt: skip
"""Verbs that print no data, as they are called here."""


@pytest.fixture(scope="module")
def someone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Person]:
    """A person with a session."""
    person = Person(tmp_path_factory.mktemp("person"))
    try:
        repo = person.repository()
        person.ok("new", "echo hi", "-C", str(repo), "--agent", "demo", "--name", "one")
        person.wait("one", "done")
        yield person
    finally:
        person.close()


def call(person: Person, verb: str, shell: str, cwd: Path | None = None) -> Result:
    """Run a verb as a shell line in which `VERB` stands for it."""
    words = shlex.join([PROGRAM, verb, *CALLS[verb]])
    done = subprocess.run(
        ["/bin/bash", "-c", shell.replace("VERB", words)],
        cwd=cwd or person.tmp / "shop", env=person.env, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    return Result(done.returncode, done.stdout, done.stderr)


def check(result: Result) -> None:
    assert "Traceback" not in result.err, result.err
    assert "Exception ignored" not in result.err
    assert len(result.err.splitlines()) <= 2, result.err


def test_every_verb_is_in_the_table() -> None:
    assert set(CALLS) == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_in_a_directory_that_was_removed(verb: str, someone: Person, tmp_path: Path) -> None:
    there = tmp_path / "gone"
    there.mkdir()
    usual = call(someone, verb, "VERB")
    result = call(someone, verb, f"rmdir {there}; VERB", there)
    check(result)
    if verb in RELATIVE:
        assert result.code == 1
        assert "current directory no longer exists" in result.err
    else:
        assert result.code == usual.code


@pytest.mark.parametrize("verb", VERBS)
def test_with_output_that_is_full_or_closed(verb: str, someone: Person) -> None:
    usual = call(someone, verb, "VERB")
    for shell, why in (("VERB > /dev/full", "No space left"), ("VERB >&-", "is closed")):
        result = call(someone, verb, shell)
        check(result)
        if verb in SILENT or usual.code or not usual.out:
            assert result.code == usual.code
        else:
            assert result.code == 1
            assert why in result.err


@pytest.mark.parametrize("verb", VERBS)
def test_with_a_pipe_that_nobody_reads(verb: str, someone: Person) -> None:
    usual = call(someone, verb, "VERB")
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [PROGRAM, verb, *CALLS[verb]],
        cwd=someone.tmp / "shop", env=someone.env, stdout=writer, stderr=subprocess.PIPE,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    os.close(writer)
    check(Result(done.returncode, "", done.stderr))
    fails = usual.out and verb not in SILENT and not usual.code
    assert done.returncode == (1 if fails else usual.code)


@pytest.mark.parametrize("verb", VERBS)
def test_without_input_or_talk(verb: str, someone: Person) -> None:
    usual = call(someone, verb, "VERB")
    for shell in ("VERB <&-", "VERB 2>&-", "VERB 2> /dev/full", "VERB <&- 2>&- | cat"):
        result = call(someone, verb, f"set -o pipefail; {shell}")
        check(result)
        assert result.code == usual.code
        assert bool(result.out) == bool(usual.out)


@pytest.mark.parametrize(
    ("shell", "code", "said"),
    [
        ("{} new - <&-", 2, "input is closed"),
        ("{} send one - <&-", 2, "input is closed"),
        ("{} --version > /dev/full", 1, "No space left"),
        ("{} ls --help > /dev/full", 1, "No space left"),
        ("{} ls --nonsense 2> /dev/full", 2, ""),
        ("{} < /dev/null", 2, "needs a terminal"),
        ("{} | cat", 2, "needs a terminal"),
        ("{} <&- >&-", 2, "needs a terminal"),
        ("{} attach one | cat", 2, "needs a terminal"),
        ("PARALLEL_AGENTS_HOME=x; export PARALLEL_AGENTS_HOME; cd $(mktemp -d); rmdir $PWD; {} ls",
         1, "begins with /"),
    ],
)  # fmt: skip
def test_input_help_and_screen(shell: str, code: int, said: str, someone: Person) -> None:
    result = call(someone, "ls", f"set -o pipefail; {shell.format(PROGRAM)}")
    check(result)
    assert result.code == code
    assert said in result.err


def test_what_a_locale_cannot_show_is_replaced(someone: Person) -> None:
    shell = "PYTHONIOENCODING=iso-8859-1 VERB"
    result = call(someone, "ls", shell)
    check(result)
    assert (result.code, "? " in result.out) == (0, True)


@pytest.mark.parametrize("words", ["", "attach one"])
def test_a_terminal_without_a_cursor_is_refused(words: str, someone: Person) -> None:
    terminal = Terminal(f"TERM=dumb {PROGRAM} {words}; echo code $?; cat", someone.env)
    terminal.wait(lambda screen: "code 2" in screen and "TERM is “dumb”" in screen)
    terminal.close()


def test_the_demo_says_how_to_go_on_without_a_screen(someone: Person) -> None:
    result = call(someone, "ls", f"{PROGRAM} demo < /dev/null")
    assert (result.code, "parallel-agents ls" in result.err) == (0, True)
