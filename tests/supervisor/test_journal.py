"""The journal: whole records or none, wherever it was cut and whatever the disk does."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from parallel_agents.core import events as ev
from parallel_agents.core.codec import dump, load_record
from parallel_agents.core.errors import StorageError
from parallel_agents.supervisor.record.journal import Journal, dump_line


def _group(first: int, size: int, text: str = "x") -> list[ev.Record]:
    """Records that belong together."""
    return [
        ev.Record(seq=first + i, at=1, event=ev.Notice(text=text), more=i < size - 1)
        for i in range(size)
    ]


def _groups(*sizes: int) -> list[list[ev.Record]]:
    made, first = [], 1
    for size in sizes:
        made.append(_group(first, size))
        first += size
    return made


def _written(path: Path, groups: list[list[ev.Record]]) -> bytes:
    journal = Journal(path, load_record)
    for group in groups:
        journal.append(group)
    journal.close()
    return path.read_bytes()


def _read(path: Path) -> list[ev.Record]:
    journal = Journal(path, load_record)
    try:
        found = list(journal.read_from(0))
        assert journal.page(1, 1000) == found
        assert journal.count == (found[-1].seq if found else 0)
        assert journal.size == path.stat().st_size
        return found
    finally:
        journal.close()


def test_cut_at_every_byte(tmp_path: Path) -> None:
    """What is left are the groups that were whole; it goes on from there."""
    groups = _groups(1, 3, 1, 2)
    path = tmp_path / "journal"
    whole = _written(path, groups)
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        kept = _read(path)
        sizes = [len(_bytes(groups[:n])) for n in range(len(groups) + 1)]
        expected = max(n for n, size in enumerate(sizes) if size <= cut)
        assert kept == [record for group in groups[:expected] for record in group]


def _bytes(groups: list[list[ev.Record]]) -> bytes:
    return b"".join(dump_line(record) for group in groups for record in group)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 4), max_size=5), st.binary(min_size=1, max_size=20), st.integers(0))
def test_cut_and_gone_on(tmp_path: Path, sizes: list[int], junk: bytes, place: int) -> None:
    path = tmp_path / "journal"
    path.unlink(missing_ok=True)
    whole = _written(path, _groups(*sizes))
    path.write_bytes(whole[: place % (len(whole) + 1)] + junk)
    kept = _read(path)
    more = _group(len(kept) + 1, 2)
    journal = Journal(path, load_record)
    journal.append(more)
    journal.close()
    assert _read(path) == [*kept, *more]


def test_pages(tmp_path: Path) -> None:
    _written(tmp_path / "j", _groups(2, 3))
    journal = Journal(tmp_path / "j", load_record)
    pages = [journal.page(a, b) for a, b in [(1, 2), (2, 4), (5, 9), (0, 1), (6, 9), (3, 2)]]
    assert [[r.seq for r in page] for page in pages] == [[1, 2], [2, 3, 4], [5], [1], [], []]
    journal.append(_group(6, 1))
    assert [r.seq for r in journal.page(5, 9)] == [5, 6]
    journal.close()


@pytest.mark.parametrize("text", ["\u2028", "\x85", "\x0b\x0c\x1c", "\r", "é" * 3, "\n"])
def test_a_record_with_any_line_break_is_one_line(tmp_path: Path, text: str) -> None:
    records = [*_group(1, 1, text), *_group(2, 1)]
    _written(tmp_path / "j", [records[:1], records[1:]])
    assert _read(tmp_path / "j") == records


def test_a_record_longer_than_a_chunk(tmp_path: Path) -> None:
    groups = [_group(1, 1), _group(2, 2, "y" * (3 << 20))]
    path = tmp_path / "j"
    whole = _written(path, groups)
    assert len(_read(path)) == 3
    path.write_bytes(whole[:-1])
    assert len(_read(path)) == 1


@pytest.mark.parametrize("after", [0, 1, 40])
def test_no_space_leaves_it_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """A disk that takes `after` bytes more: nothing is kept, and the next write goes on."""
    path = tmp_path / "j"
    journal = Journal(path, load_record)
    journal.append(_group(1, 2))
    before = path.read_bytes()
    real, left = os.write, [after]

    def write(descriptor: int, data: bytes) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = real(descriptor, data[: left[0]])
        left[0] -= taken
        return taken

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write)
        with pytest.raises(StorageError, match="No space left") as failed:
            journal.append(_group(3, 2))
    assert failed.value.hint
    assert path.read_bytes() == before
    journal.append(_group(3, 1))
    assert [r.seq for r in journal.page(1, 9)] == [1, 2, 3]
    journal.close()
    assert [r.seq for r in _read(path)] == [1, 2, 3]


@pytest.mark.parametrize("summed", [True, False], ids=["with checksums", "of before"])
def test_any_byte_damaged_costs_its_record_and_no_other(tmp_path: Path, summed: bool) -> None:
    """Every byte of every line but the last, whatever it becomes: also a newline, or none."""
    groups = _groups(1, 1, 2, 1, 1, 1)
    path = tmp_path / "j"
    whole = _bytes(groups) if summed else _before_checksums(groups)
    lines = whole.splitlines(keepends=True)
    starts = [sum(map(len, lines[:n])) for n in range(len(lines))]
    for place in range(len(whole) - len(lines[-1])):
        for value in {whole[place] ^ 1, whole[place] ^ 0x80, 0x0A, 0x30} - {whole[place]}:
            path.write_bytes(whole[:place] + bytes([value]) + whole[place + 1 :])
            hit = max(n for n, start in enumerate(starts) if start <= place) + 1
            _examine(path, hit, of=len(lines), newline=whole[place] == 0x0A, summed=summed)
            assert path.stat().st_size == len(whole), "what cannot be read is kept"


def _examine(path: Path, hit: int, *, of: int, newline: bool, summed: bool) -> None:
    journal = Journal(path, load_record)
    try:
        found = {record.seq: record for record in journal.read_from(0)}
        assert journal.page(1, 99) == list(found.values())
        missing = set(range(1, of + 1)) - found.keys()
        lost_with_newline = {hit, hit + 1} if newline and not summed else set()
        assert missing <= {hit} | lost_with_newline, (hit, missing)
        assert not missing or journal.damaged
        if summed:
            assert all(record.event == ev.Notice(text="x") for record in found.values())
        assert [r.seq for r in journal.page(of, of)] == [seq for seq in found if seq == of]
    finally:
        journal.close()


def _before_checksums(groups: list[list[ev.Record]]) -> bytes:
    return b"".join(dump(record) + b"\n" for group in groups for record in group)


def test_the_last_record_damaged_is_kept_and_left_out(tmp_path: Path) -> None:
    path = tmp_path / "j"
    whole = _written(path, _groups(1, 1))
    path.write_bytes(whole[:-5] + b"#" + whole[-4:])
    journal = Journal(path, load_record)
    assert [r.seq for r in journal.read_from(0)] == [1]
    assert journal.damaged == 1
    journal.append(_group(3, 1))
    assert [r.seq for r in journal.page(1, 9)] == [1, 3]
    journal.close()
    assert [r.seq for r in _read(path)] == [1, 3]


def test_a_number_that_came_before_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "j"
    lines = [dump_line(_group(seq, 1, text)[0]) for seq, text in [(1, "a"), (2, "b"), (2, "c")]]
    path.write_bytes(b"".join([*lines, dump_line(_group(3, 1)[0])]))
    journal = Journal(path, load_record)
    assert [r.seq for r in journal.read_from(0)] == [1, 2, 3]
    assert [r.seq for r in journal.page(1, 9)] == [1, 2, 3]
    assert journal.damaged == 1
    journal.close()


def test_a_record_of_a_newer_version_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "j"
    whole = _written(path, _groups(1, 1))
    newer = b'{"seq":3,"at":1,"event":{"type":"from_the_future"}}\n'
    path.write_bytes(whole + newer + dump_line(_group(4, 1)[0]))
    journal = Journal(path, load_record)
    assert [r.seq for r in journal.read_from(0)] == [1, 2, 4]
    assert journal.damaged == 1
    assert [r.seq for r in journal.page(3, 4)] == [4]
    journal.close()


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    _written(tmp_path / "j", [])
    assert (tmp_path / "j").stat().st_mode & 0o777 == 0o600


def test_a_directory_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        Journal(tmp_path / "no" / "j", load_record)
