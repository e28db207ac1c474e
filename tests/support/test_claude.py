"""A missing `claude` is a skip with a word how to get it, and a failure in CI."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.claude import VERSION, claude_env, claude_program

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(name="nowhere")
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No claude anywhere; returns an empty directory that is searched."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("PARALLEL_AGENTS_CLAUDE_TEST", raising=False)
    monkeypatch.delenv("CI", raising=False)
    return tmp_path


def test_missing(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(pytest.skip.Exception, match="npm install"):
        claude_program()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="npm install"):
        claude_program()


@pytest.mark.parametrize(("version", "found"), [(VERSION, True), ("2.1.197", False)])
def test_only_the_pinned_version_counts(nowhere: Path, version: str, found: bool) -> None:
    program = nowhere / "claude"
    program.write_text(f"#!/bin/sh\necho '{version} (Claude Code)'\n")
    program.chmod(0o755)
    if found:
        assert claude_program() == program
    else:
        with pytest.raises(pytest.skip.Exception):
            claude_program()


def test_the_environment_holds_nothing_of_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "secret")
    env = claude_env(tmp_path, "http://127.0.0.1:1")
    assert "secret" not in env.values()
    assert env["ANTHROPIC_API_KEY"] == "dummy"
    assert env["HOME"].startswith(str(tmp_path))
