"""Run the test command; run what failed once more, alone: `rerun.py COMMAND`.

Keep true: the verdict is 0 only when every test passed, or when at most `FLAKY_LIMIT` failed and
each of them passed when it ran again by itself; whatever failed is printed with how to run it
again, and its log is kept, whether or not the run passes.

COMMAND is one line for bash that ends in `… -m pytest`.
"""

from __future__ import annotations

import io
import json
import os
import random
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FLAKY_LIMIT = 3
FAILURES_LIMIT = 10
"""After so many failures the run ends: its verdict is known, and the first ones say why."""
SLOWEST = 25
SHOWN_LINES = 120

_TESTS_FAILED = 1
"""Exit code of pytest for "some tests failed"; others mean that it could not test at all."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A test that failed.

    Attributes:
        test: its node id.
        text: everything that pytest says of it.
        log: where that is kept, with what it said when it ran again.
    """

    test: str
    text: str
    log: Path


@dataclass(frozen=True, slots=True)
class Run:
    """Where one run keeps its logs, and what makes it repeatable.

    Attributes:
        logs: an empty directory.
        seed: of Python's hashes, which decide the order of sets.
    """

    logs: Path
    seed: str

    def environment(self, **extra: str) -> dict[str, str]:
        """What every pytest of this run is started with."""
        return {**os.environ, "PYTHONHASHSEED": self.seed, **extra}


def main(command: str) -> int:
    """Run everything, then the failures again.

    Returns:
        The exit code.
    """
    run = Run(_fresh(Path(".ci/logs")), os.environ.get("PYTHONHASHSEED") or _any_seed())
    print(f"seed: PYTHONHASHSEED={run.seed}", flush=True)
    code, failures = _run_all(command, run)
    if code == 0:
        return 0
    if code != _TESTS_FAILED or not failures or len(failures) > FLAKY_LIMIT:
        print(f"== FAILED: exit code {code}, {len(failures)} tests; nothing was run again")
        _list(run, failures)
        return code
    return _run_again(command, run, failures)


def _fresh(directory: Path) -> Path:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory.absolute()


def _any_seed() -> str:
    return str(random.SystemRandom().randrange(1, 2**32))


def _run_all(command: str, run: Run) -> tuple[int, list[Failure]]:
    """The whole command, with a file in which its failures arrive."""
    kept = run.logs / "failures.jsonl"
    options = (
        "-p tests.support.failures -p no:cacheprovider"
        f" --durations={SLOWEST} --maxfail={FAILURES_LIMIT}"
    )
    given = f"{os.environ.get('PYTEST_ADDOPTS', '')} {options}".strip()
    environment = run.environment(PYTEST_ADDOPTS=given, TEST_FAILURES=str(kept))
    shell = ["bash", "-euo", "pipefail", "-c", command]
    code = subprocess.run(shell, env=environment, check=False).returncode
    failures = _read(kept) if kept.exists() else []
    for failure in failures:
        _write(failure)
    return code, failures


def _read(kept: Path) -> list[Failure]:
    """One failure for each test, though it may have failed in the call and after it."""
    texts: dict[str, list[str]] = {}
    for line in kept.read_text("utf-8").splitlines():
        report = json.loads(line)
        texts.setdefault(report["test"], []).append(f"[{report['when']}] {report['text']}")
    return [
        Failure(test, "\n".join(said), kept.with_name(f"{number}.log"))
        for number, (test, said) in enumerate(texts.items(), 1)
    ]


def _write(failure: Failure, again: str = "") -> None:
    said = f"\n\n== once more, alone\n{again}" if again else ""
    # Names of files that are no UTF-8 stand in what tests say.
    failure.log.write_text(f"{failure.text}{said}\n", "utf-8", "backslashreplace")


def _run_again(command: str, run: Run, failures: list[Failure]) -> int:
    twice = [failure for failure in failures if not _passes_alone(command, run, failure)]
    flaky = [failure for failure in failures if failure not in twice]
    if flaky:
        print(f"\n== FLAKY: {len(flaky)} failed, then passed alone. Mend each at its cause.")
        for failure in flaky:
            _tell(run, failure)
    if twice:
        print(f"\n== FAILED: {len(twice)} failed twice")
        _list(run, twice)
    return 1 if twice else 0


def _passes_alone(command: str, run: Run, failure: Failure) -> bool:
    print(f"\n== once more, alone: {failure.test}", flush=True)
    again = [*_pytest(command), failure.test]
    # Only what this run was told: options of the whole run, as a selection, could leave it out.
    environment = run.environment(PYTEST_ADDOPTS="")
    done = subprocess.run(again, env=environment, capture_output=True, check=False)
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    _write(failure, said)
    print(said, flush=True)
    return done.returncode == 0


def _pytest(command: str) -> list[str]:
    # In a worker of its own: a test that ends its process with 0 has not passed.
    return [*shlex.split(command.rpartition("&&")[2]), "-n", "1"]


def _tell(run: Run, failure: Failure) -> None:
    lines = failure.text.splitlines()
    left = [f"… {len(lines) - SHOWN_LINES} lines before"] if len(lines) > SHOWN_LINES else []
    _list(run, [failure])
    print(*[f"  | {line}" for line in [*left, *lines[-SHOWN_LINES:]]], sep="\n", flush=True)


def _list(run: Run, failures: list[Failure]) -> None:
    for failure in failures:
        seed = f"PYTHONHASHSEED={run.seed}"
        again = f"CI=true {seed} .venv/bin/python -m pytest {shlex.quote(failure.test)}"
        print(
            f"\n{failure.test}",
            f"  seed   {seed}",
            f"  again  {again}",
            f"  log    {failure.log.relative_to(Path.cwd())}",
            sep="\n",
            flush=True,
        )


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(main(sys.argv[1]))
