"""Fills a small file system under a running shim; started inside its own mount namespace.

Prints nothing and ends with 0 when no line was lost, torn or doubled.
"""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

from parallel_agents.shim import DRAIN_S
from tests.shim.harness import Run, alive, python, until

TALK = """
import sys
number = 0
for line in sys.stdin:
    for _ in range(int(line)):
        print(number, "x" * 100, flush=True)
        number += 1
    if int(line) == 300: sys.exit(5)
"""


def fill(path: Path) -> None:
    """Take every free byte."""
    with path.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"f" * 4096)


def numbers(run: Run) -> list[int]:
    """The numbers in the log; every line must be whole."""
    lines = run.lines()
    assert {line.split(" ", 1)[1] for line in lines} <= {"x" * 100}
    return [int(line.split()[0]) for line in lines]


def main(base: Path) -> None:
    """Three full disks while it runs, one at the end."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(base)]
    subprocess.run(mount, check=True)
    run = Run(base)
    filler = base / "filler"
    run.start(python(TALK), env={"PATH": os.environ["PATH"]})
    client = run.client()
    for round_ in range(3):
        fill(filler)
        client.line(f"go{round_}", "3000")
        assert client.next("disk")["error"] == "ENOSPC"
        late = run.client()
        assert late.next("disk")["error"] == "ENOSPC"
        assert numbers_so_far(run) < 3000 * (round_ + 1)
        filler.unlink()
        assert client.next("disk")["error"] is None
        until(lambda n=round_: (run.dir / "out.log").read_bytes().count(b"\n") == 3000 * (n + 1))  # type: ignore[misc]
    fill(filler)
    client.line("more", "100")
    assert client.next("disk")["error"] == "ENOSPC"
    client.line("last", "300")  # stays in the pipe: the shim has stopped reading
    agent = client.hello["agent"]
    until(lambda: not alive(agent))
    past_the_drain = time.monotonic() + DRAIN_S + 0.3
    until(lambda: time.monotonic() > past_the_drain)
    assert not (run.dir / "exit").exists()
    filler.unlink()
    assert client.next("ended")["code"] == 5
    ended = run.ended()
    assert ended["out"] == (run.dir / "out.log").stat().st_size
    assert numbers(run) == list(range(9400))
    run.finish()
    ending(Run(base, "2"), filler)


def ending(run: Run, filler: Path) -> None:
    """The disk is full only when the ending is to be recorded."""
    run.start(python(TALK))
    client = run.client()
    fill(filler)
    client.send(t="kill")
    assert client.next("disk")["error"] == "ENOSPC"
    assert not (run.dir / "exit").exists()
    filler.unlink()
    assert client.next("ended")["signal"] == 9
    run.ended()
    run.finish()


def numbers_so_far(run: Run) -> int:
    """How many whole lines there are now."""
    return (run.dir / "out.log").read_bytes().count(b"\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
