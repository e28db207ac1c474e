"""A plugin of every test run: failures arrive, and are kept where `.ci/rerun.py` asks for them.

Keep true: whatever a test says reaches the process that collects it. What is kept is one JSON
object a line, {"test": node id, "when": phase, "text": what pytest says of it}, written at once,
so that a run that is cut off leaves what had failed by then.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

FILE = "TEST_FAILURES"
"""The environment variable that names the file to append to; without it nothing is kept."""


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """Make a report fit to leave its worker, which sends UTF-8 only.

    What tests say holds names of files that are no UTF-8, and one of them would end the whole run.
    """
    return _utf8((yield))


def _utf8(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode("utf-8")
        case dict():
            return {_utf8(name): _utf8(held) for name, held in value.items()}
        case list() | tuple():
            return type(value)(map(_utf8, value))
        case _:
            return value


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write a failed phase of a test down."""
    kept = os.environ.get(FILE)
    # Workers hand their reports on, and the process that collects them writes each once.
    if kept is None or not report.failed or "PYTEST_XDIST_WORKER" in os.environ:
        return
    captured = [f"-- {name}\n{said}" for name, said in report.sections]
    text = "\n".join([report.longreprtext, *captured])
    line = json.dumps({"test": report.nodeid, "when": report.when, "text": text})
    with Path(kept).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
