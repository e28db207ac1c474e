"""A file is exchanged for another one while somebody else writes it: no write is lost."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from parallel_agents.worktrees.filesystem import exchange
from parallel_agents.worktrees.filesystem.exchange import ChangedError, Content, Spot, look, put
from tests.support.variations import varied

BEFORE, AFTER = Content("file", b"before\n", 0o644), Content("file", b"after\n", 0o644)
ROUNDS = 60


@pytest.fixture
def spot(tmp_path: Path) -> Iterator[Spot]:
    (tmp_path / "tree").mkdir()
    (tmp_path / "kept").mkdir()
    folder = os.open(tmp_path / "tree", os.O_RDONLY)
    yield Spot(folder, "file", "token", tmp_path / "kept")
    os.close(folder)


def lay(tree: Path, content: Content | None) -> None:
    for path in tree.iterdir():
        path.unlink()
    if content is not None:
        (tree / "file").write_bytes(content.data)
        (tree / "file").chmod(content.mode)


def names(tree: Path) -> set[str]:
    return {path.name for path in tree.iterdir()}


def in_place(path: Path, data: bytes) -> None:
    with path.open("wb", buffering=0) as file:
        for byte in data:
            file.write(bytes([byte]))


def by_rename(path: Path, data: bytes) -> None:
    beside = path.with_name("agents-own")
    beside.write_bytes(data)
    beside.rename(path)


@pytest.fixture(params=varied([False, True]))
def lacking(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the filesystem can neither exchange two names nor refuse to replace one."""
    if request.param:

        def refuse(*_: object) -> None:
            raise OSError(errno.EINVAL, "not here")

        monkeypatch.setattr(exchange, "_rename", refuse)
    return bool(request.param)


@pytest.mark.usefixtures("lacking")
@pytest.mark.parametrize("write", varied([in_place, by_rename]))
@pytest.mark.parametrize("before", varied([BEFORE, None]))
@pytest.mark.parametrize("after", varied([AFTER, None]))
def test_a_write_in_between_is_never_lost(
    before: Content | None, after: Content | None, write: object, spot: Spot, tmp_path: Path
) -> None:
    assert callable(write)
    tree = tmp_path / "tree"
    for number in range(ROUNDS):
        lay(tree, before)
        theirs = f"theirs {number}\n".encode()
        start = threading.Barrier(2)

        def work(data: bytes = theirs, start: threading.Barrier = start) -> None:
            start.wait()
            write(tree / "file", data)

        writer = threading.Thread(target=work)
        writer.start()
        start.wait()
        with contextlib.suppress(ChangedError):
            put(spot, before, after)
        writer.join()
        found = [path.read_bytes() for path in (tmp_path / "kept").iterdir()]
        there = look(spot.folder, "file")
        assert theirs in (*found, there.data if there else b"")
        assert names(tree) <= {"file"}


@pytest.mark.usefixtures("lacking")
def test_what_is_open_for_writing_is_left_alone(spot: Spot, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    lay(tree, BEFORE)
    with (tree / "file").open("ab") as file:
        for after in (AFTER, None):
            with pytest.raises(ChangedError):
                put(spot, BEFORE, after)
            assert names(tree) == {"file"}
        assert os.fstat(file.fileno()).st_ino == (tree / "file").stat().st_ino
        file.write(b"more\n")
    assert (tree / "file").read_bytes() == b"before\nmore\n"
    with pytest.raises(ChangedError):
        put(spot, BEFORE, AFTER)
    assert names(tree) == {"file"}


@pytest.mark.usefixtures("lacking")
@pytest.mark.parametrize("left", varied([None, BEFORE, AFTER]))
@pytest.mark.parametrize("there", varied([None, BEFORE, AFTER]))
@pytest.mark.parametrize("after", varied([AFTER, None]))
def test_what_an_interrupted_call_left_is_taken_up(
    left: Content | None, there: Content | None, after: Content | None, spot: Spot, tmp_path: Path
) -> None:
    """Every state that a kill can leave ends like a call that was not interrupted."""
    tree = tmp_path / "tree"
    lay(tree, there)
    if left is not None:
        (tree / spot.beside).write_bytes(left.data)
        (tree / spot.beside).chmod(left.mode)
    (tree / spot.fresh).write_bytes(b"aft")
    can_be = {(BEFORE, None), (BEFORE, AFTER), (AFTER, BEFORE), (None, BEFORE), (after, None)}
    if (there, left) not in can_be or (after is None and AFTER in (there, left)):
        return
    put(spot, BEFORE, after)
    assert look(spot.folder, "file") == after
    assert names(tree) == ({"file"} if after else set())


def test_somebody_elses_file_beside_is_given_back(spot: Spot, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    lay(tree, AFTER)
    (tree / spot.beside).write_bytes(b"written just before the exchange\n")
    with pytest.raises(ChangedError):
        put(spot, BEFORE, AFTER)
    assert (tree / "file").read_bytes() == b"written just before the exchange\n"
    assert names(tree) == {"file"}
