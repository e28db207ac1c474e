"""Fills the disk under a supervisor and its shims; started inside its own mount namespace.

Prints nothing and ends with 0 when all that was refused was refused plainly and nothing was lost.
"""

import contextlib
import re
import subprocess
import sys
import time
from pathlib import Path

from tests.support.person import Person

LINES = 6000


def fill(path: Path) -> None:
    """Take every free byte."""
    with path.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"f" * 4096)


def until(holds: object, what: str) -> None:
    """Wait for a condition."""
    end = time.monotonic() + 60
    assert callable(holds)
    while not holds():
        assert time.monotonic() < end, f"did not happen: {what}"
        time.sleep(0.02)


def refused(person: Person, *words: str) -> None:
    """The verb says that the disk is full, and what to do."""
    result = person.run(*words)
    assert result.code == 1, result
    assert "No space left" in result.err, result
    assert "Free some space" in result.err, result


def main(tmp: Path) -> None:
    """A full disk while one agent talks, one has finished, and one is asked for."""
    person = Person(tmp)
    person.home.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(person.home)]
    subprocess.run(mount, check=True)
    try:
        live(person)
    finally:
        (person.home / "filler").unlink(missing_ok=True)
        person.close()


def live(person: Person) -> None:
    """Everything that is tried."""
    repo, filler = person.repository(), person.home / "filler"
    base = ("-C", str(repo), "--base", "head", "--agent", "demo")
    quiet = person.ok("new", "echo ready", *base)
    person.wait(quiet, "done")
    talker = person.ok("new", f"stream {LINES} 1000", *base)
    until(lambda: "line 499" in person.ok("logs", talker), "the agent talks")
    fill(filler)
    # Longer than what is left in the last block of a file that is open already.
    refused(person, "send", quiet, "echo lost?" + "." * 8192)
    refused(person, "new", "echo never", *base)
    rows = {row["id"]: row["state"] for row in person.json("ls")}
    assert rows == {quiet: "done", talker: "working"}, rows
    assert "ready" in person.ok("logs", quiet)
    person.kill_supervisor()
    rows = {row["id"]: row["state"] for row in person.json("ls")}
    assert rows == {quiet: "done", talker: "working"}, rows
    filler.unlink()
    person.wait(talker, "done")
    said = [int(number) for number in re.findall(r"line (\d+)", person.ok("logs", talker))]
    assert said == list(range(LINES)), said[-3:]
    person.ok("send", quiet, "echo found")
    until(lambda: "found" in person.ok("logs", quiet), "the answer")
    assert "lost?" not in person.ok("logs", quiet)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
