"""Keep every failure of a test run, for `.ci/rerun.py`: `-p tests.support.failures`.

Keep true: one JSON object a line, {"test": node id, "when": phase, "text": what pytest says of it},
written at once, so that a run that is cut off leaves what had failed by then.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

FILE = "TEST_FAILURES"
"""The environment variable that names the file; it is appended to."""


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write a failed phase of a test down."""
    # Workers hand their reports on, and the process that collects them writes each once.
    if not report.failed or "PYTEST_XDIST_WORKER" in os.environ:
        return
    captured = [f"-- {name}\n{said}" for name, said in report.sections]
    text = "\n".join([report.longreprtext, *captured])
    line = json.dumps({"test": report.nodeid, "when": report.when, "text": text})
    with Path(os.environ[FILE]).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
