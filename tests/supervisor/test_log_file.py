"""The log has a bound, and what goes to standard error stays in it."""

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from parallel_agents.supervisor.front.log_file import BoundedLog

LIMIT = 2000
WRITES = """
import logging, os, sys
from pathlib import Path
from parallel_agents.supervisor.front.log_file import BoundedLog
logging.basicConfig(level=logging.INFO, handlers=[BoundedLog(Path(sys.argv[1]), 2000)])
for number in range(100):
    logging.info("line %d %s", number, "x" * 50)
os.write(2, b"the end\\n")
"""


def sizes(directory: Path) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in directory.iterdir()}


def write(log: BoundedLog, text: str) -> None:
    log.emit(logging.LogRecord("x", logging.INFO, "", 0, text, None, None))


def test_it_never_grows_beyond_its_limit_twice(tmp_path: Path) -> None:
    log = BoundedLog(tmp_path / "x.log", LIMIT)
    for number in range(500):
        write(log, f"line {number}")
        assert all(size <= LIMIT for size in sizes(tmp_path).values())
    log.close()
    assert set(sizes(tmp_path)) == {"x.log", "x.log.1"}
    assert "line 499" in (tmp_path / "x.log").read_text()


def test_one_that_is_full_already_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_text("before\n" * LIMIT)
    log = BoundedLog(path, LIMIT)
    write(log, "after")
    log.close()
    assert (tmp_path / "x.log.1").read_text() == "before\n" * LIMIT
    assert path.read_text().endswith("after\n")
    assert path.stat().st_size < LIMIT


@pytest.mark.parametrize("goes_there", [True, False])
def test_standard_error_goes_on_in_the_newest_file(tmp_path: Path, *, goes_there: bool) -> None:
    path = tmp_path / "x.log"
    elsewhere = tmp_path / "elsewhere"
    with (path if goes_there else elsewhere).open("ab") as errors:
        subprocess.run([sys.executable, "-c", WRITES, path], stderr=errors, check=True, timeout=60)
    assert path.read_text().endswith("the end\n") is goes_there
    if not goes_there:
        assert elsewhere.read_text() == "the end\n"
