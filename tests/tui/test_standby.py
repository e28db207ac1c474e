"""When a standby is of no use any more; what it lends is in `end_to_end`."""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from parallel_agents.client.identity import SWITCH, identity, wants_standby
from parallel_agents.tui import standby
from parallel_agents.tui.standby import Standby
from parallel_agents.wire.peer import MARKER
from parallel_agents.wire.standby import Link, Offer


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with (
        tempfile.TemporaryDirectory(prefix="pa-", dir="/tmp") as directory,
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made,
    ):
        made.bind(f"{directory}/s")
        yield made


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one file that was loaded."""
    path = tmp_path / "module.py"
    path.touch()
    monkeypatch.setattr(standby, "_loaded_files", lambda: [path])
    return path


def _lend(_link: Link, _offer: Offer) -> NoReturn:
    os._exit(1)


def _made(listener: socket.socket, loaded_at: float | None = None) -> Standby:
    """One that loaded its files long after they were written."""
    at = time.time() + 60 if loaded_at is None else loaded_at
    return Standby(listener, Path(listener.getsockname()), at, _lend)


def test_one_whose_files_are_as_they_were_is_of_use(listener: socket.socket, module: Path) -> None:
    assert _made(listener)._is_of_use()


def test_one_whose_file_was_written_since_ends(listener: socket.socket, module: Path) -> None:
    made = _made(listener, loaded_at=module.stat().st_ctime - 2)
    os.utime(module, (0, 0))  # as installers do
    made.run()


def test_one_whose_file_is_gone_ends(listener: socket.socket, module: Path) -> None:
    made = _made(listener)
    module.unlink()
    made.run()


def test_one_whose_socket_is_gone_ends(listener: socket.socket, module: Path) -> None:
    made = _made(listener)
    Path(listener.getsockname()).unlink()
    made.run()


def test_one_that_nobody_used_ends(
    listener: socket.socket, module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standby, "IDLE", 0.0)
    _made(listener).run()


def test_every_module_and_the_style_sheet_count(listener: socket.socket) -> None:
    names = {path.name for path in standby._loaded_files()}
    assert {"standby.py", "value.py", "style.tcss"} <= names


@pytest.mark.parametrize(
    ("name", "same"),
    [("LC_ALL", False), ("TEXTUAL_FPS", False), ("ESCDELAY", False), ("TERM", True), ("TZ", True)],
)
def test_variables_that_are_read_once_are_part_of_the_identity(
    name: str, same: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are read again by each screen."""
    before = identity()
    monkeypatch.setenv(name, "another")
    assert (identity() == before) == same


@pytest.mark.parametrize(
    ("name", "value"), [(SWITCH, "off"), (SWITCH, "0"), (MARKER, "abc"), ("PYTHONPATH", "/x")]
)
def test_who_wants_no_standby(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for other in (SWITCH, MARKER, "PYTHONPATH", "PYTHONHOME"):
        monkeypatch.delenv(other, raising=False)
    assert wants_standby()
    monkeypatch.setenv(name, value)
    assert not wants_standby()
