"""Directories of ours are the user's own and nobody else's; socket paths are short enough."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from parallel_agents.core.errors import StorageError
from parallel_agents.wire import endpoint


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_directory_is_private(tmp_path: Path) -> None:
    path = endpoint.private(tmp_path / "a" / "b")
    assert _mode(path) == 0o700


def test_one_that_was_open_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "open"
    path.mkdir(mode=0o755)
    endpoint.private(path)
    assert _mode(path) == 0o700


def test_a_symlink_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(StorageError, match="not a directory of yours"):
        endpoint.private(tmp_path / "link")


def test_a_symlink_to_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nothing")
    with pytest.raises(StorageError):
        endpoint.private(tmp_path / "link")


def test_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError) as refused:
        endpoint.private(tmp_path / "file")
    assert "PARALLEL_AGENTS_HOME" in refused.value.hint


def test_somebody_elses_directory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = endpoint.private(tmp_path / "mine")
    other = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: other)
    with pytest.raises(StorageError, match="not a directory of yours"):
        endpoint.private(path)


def test_one_that_cannot_be_made_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot make") as failed:
        endpoint.private(tmp_path / "file" / "below")
    assert failed.value.hint


@pytest.mark.parametrize("planted", ["parent", "own"])
def test_planted_socket_directories_are_refused(
    monkeypatch: pytest.MonkeyPatch, planted: str
) -> None:
    """Somebody may put a link where our sockets are to be, since /tmp is everybody's."""
    with tempfile.TemporaryDirectory(prefix="pa", dir="/tmp") as name:  # short, as sockets need
        base = Path(name)
        monkeypatch.setenv("XDG_RUNTIME_DIR", name)
        path = endpoint.runtime_dir(base / "state")
        assert base in path.parents
        link = path.parent if planted == "parent" else path
        link.parent.mkdir(mode=0o700, exist_ok=True)
        (base / "elsewhere").mkdir(mode=0o700)
        link.symlink_to(base / "elsewhere")
        with pytest.raises(StorageError):
            endpoint.private_runtime(base / "state")


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=200))
def test_socket_paths_fit(name: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", f"/run/{name or 'user'}")
        state = Path("/home") / ("x" * 150) / "state"
        paths = [endpoint.supervisor_socket(state), endpoint.shim_socket(state, "0" * 8, 999_999)]
        assert all(len(os.fsencode(path)) <= endpoint.SOCKET_PATH_LIMIT for path in paths)


def test_two_state_directories_have_sockets_of_their_own() -> None:
    assert endpoint.supervisor_socket(Path("/a")) != endpoint.supervisor_socket(Path("/b"))


def test_the_home_variable_decides_state_and_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARALLEL_AGENTS_HOME", "/there")
    assert endpoint.state_dir() == Path("/there")
    assert endpoint.config_dir() == Path("/there/config")


def test_without_it_the_platform_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PARALLEL_AGENTS_HOME", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert endpoint.state_dir() == tmp_path / "parallel-agents"
