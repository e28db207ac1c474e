"""What is trusted, and the text of it that is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from parallel_agents.core.errors import StorageError
from parallel_agents.core.worktree import ConfigFile
from parallel_agents.supervisor.trust import TrustStore

FILE = ConfigFile(path=".mcp.json", origin="main", digest="d", text="{}")


def test_what_was_accepted_last_can_be_shown_again(tmp_path: Path) -> None:
    TrustStore(tmp_path / "trust.json").accept("/r", "one", [FILE])
    store = TrustStore(tmp_path / "trust.json")
    assert store.trusts("/r", "one")
    assert [file.text for file in store.accepted("/r")] == ["{}"]
    assert store.accepted("/other") == ()
    kept = [tmp_path / "trusted", *tmp_path.rglob("*.json")]
    assert [path for path in kept if path.stat().st_mode & 0o077] == []


def test_nothing_is_trusted_when_it_cannot_be_kept(tmp_path: Path) -> None:
    (tmp_path / "trusted").write_text("in the way")
    store = TrustStore(tmp_path / "trust.json")
    with pytest.raises(StorageError):
        store.accept("/r", "one", [FILE])
    assert not store.trusts("/r", "one")


def test_a_damaged_text_is_no_text(tmp_path: Path) -> None:
    store = TrustStore(tmp_path / "trust.json")
    store.accept("/r", "one", [FILE])
    for path in (tmp_path / "trusted").iterdir():
        path.write_text('{"no": "list"}')
    assert store.accepted("/r") == ()
