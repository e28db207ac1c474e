"""Whether a tool that runs right now works on a file."""

from __future__ import annotations

import pytest

from parallel_agents.core import events as ev
from parallel_agents.core.asking import ToolKind
from parallel_agents.core.options import JsonObject
from parallel_agents.supervisor.place.running_tools import tool_at_work
from tests.support.facts import records

TOP = "/srv/tree"


def used(given: JsonObject, does: ToolKind = "edit") -> ev.ToolUsed:
    return ev.ToolUsed(id="t", name="Tool", input=given, does=does)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"file_path": f"{TOP}/src/cart.py"}, True),
        ({"file_path": "src/cart.py"}, True),
        ({"edits": [{"path": "./src/cart.py"}]}, True),
        ({"command": "sed -i s/a/b/ src/cart.py; echo"}, True),
        ({"command": 'python -c "open(\'src/cart.py\')"'}, True),
        ({"file_path": "/elsewhere/src/cart.py"}, False),
        ({"file_path": "src/cart.py.bak"}, False),
        ({"file_path": "my-src/cart.py"}, False),
        ({"file_path": "src/cart.pyx"}, False),
        ({}, False),
    ],
)  # fmt: skip
def test_it_is_known_by_its_name(given: JsonObject, *, named: bool) -> None:
    found = tool_at_work(records(used(given)), (), TOP, "src/cart.py")
    assert (found is not None) is named


def test_only_a_tool_that_runs_and_may_write_counts() -> None:
    given: JsonObject = {"file_path": "cart.py"}
    returned = ev.ToolReturned(tool_use="t", text="")
    assert tool_at_work(records(used(given), returned), (), TOP, "cart.py") is None
    assert tool_at_work(records(used(given, "read")), (), TOP, "cart.py") is None
    assert tool_at_work(records(used(given)), ("t",), TOP, "cart.py") is None
    assert tool_at_work(records(used(given, "other")), (), TOP, "cart.py") is not None
