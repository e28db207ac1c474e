"""The mode in which a person's terminal left a conversation, from claude's own file of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from parallel_agents.agents.claude.left import mode_left

CONVERSATION = "00000000-0000-4000-8000-000000000000"


def _file(home: Path) -> Path:
    path = home / ".claude/projects/-r" / f"{CONVERSATION}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _line(mode: object) -> bytes:
    return json.dumps({"type": "permission-mode", "permissionMode": mode}).encode() + b"\n"


def test_the_last_word_counts(tmp_path: Path) -> None:
    path = _file(tmp_path)
    path.write_bytes(_line("plan") + b'{"type":"user"}\n' + _line("acceptEdits") + b"{torn")
    assert mode_left(CONVERSATION, {"HOME": str(tmp_path)}) == "acceptEdits"
    given_directory = {"CLAUDE_CONFIG_DIR": str(tmp_path / ".claude"), "HOME": "/nonexistent"}
    assert mode_left(CONVERSATION, given_directory) == "acceptEdits"


def test_only_the_end_of_a_long_file_is_read(tmp_path: Path) -> None:
    path = _file(tmp_path)
    path.write_bytes(_line("plan") + b"x" * (1 << 20) + b"\n")
    assert mode_left(CONVERSATION, {"HOME": str(tmp_path)}) == ""


@pytest.mark.parametrize("mode", ["bypassPermissions", 3, None, ["plan"]])
def test_a_mode_that_asks_nothing_is_never_taken_from_a_file(tmp_path: Path, mode: object) -> None:
    """An agent that may write there would let itself off every question."""
    _file(tmp_path).write_bytes(_line(mode))
    assert mode_left(CONVERSATION, {"HOME": str(tmp_path)}) == ""


def test_nothing_there_is_nothing_known(tmp_path: Path) -> None:
    assert mode_left(CONVERSATION, {"HOME": str(tmp_path)}) == ""
    assert mode_left(CONVERSATION, {}) == ""


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=30) | st.just(b'"permission-mode"')))
def test_any_file_is_no_error(tmp_path: Path, lines: list[bytes]) -> None:
    _file(tmp_path).write_bytes(b"\n".join(lines))
    assert mode_left(CONVERSATION, {"HOME": str(tmp_path)}) == ""
