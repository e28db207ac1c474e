"""A log that is read while it grows, is put aside, and begins anew."""

from pathlib import Path

import pytest

from parallel_agents.cli.growing import GrowingFile
from parallel_agents.core.errors import StorageError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.log"


def write(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


def put_aside(path: Path) -> None:
    path.rename(path.with_name("x.log.1"))


def test_the_last_lines_then_each_new_one_once(path: Path) -> None:
    write(path, "1\n2\n3\n")
    with GrowingFile(path) as log:
        assert log.last(2) == ["2", "3"]
        assert log.more() == []
        write(path, "4\n5\n")
        assert log.more() == ["4", "5"]


def test_none_of_what_is_there(path: Path) -> None:
    write(path, "1\n")
    with GrowingFile(path) as log:
        assert log.last(0) == []
        write(path, "2\n")
        assert log.more() == ["2"]


def test_a_line_is_given_when_it_has_its_end(path: Path) -> None:
    write(path, "1\nbeg")
    with GrowingFile(path) as log:
        assert log.last(9) == ["1"]
        write(path, "un\n")
        assert log.more() == ["begun"]


def test_it_is_not_there_yet(path: Path) -> None:
    with GrowingFile(path) as log:
        assert log.last(9) == []
        write(path, "1\n")
        assert log.more() == ["1"]


def test_nothing_is_lost_when_it_is_put_aside(path: Path) -> None:
    write(path, "1\n")
    with GrowingFile(path) as log:
        assert log.last(9) == ["1"]
        write(path, "2\n")
        put_aside(path)
        write(path, "3\n")
        assert log.more() == ["2", "3"]
        write(path, "4\n")
        assert log.more() == ["4"]


def test_it_is_put_aside_and_the_next_one_comes_later(path: Path) -> None:
    write(path, "1\n")
    with GrowingFile(path) as log:
        assert log.last(9) == ["1"]
        put_aside(path)
        assert log.more() == []
        write(path, "2\n")
        assert log.more() == ["2"]


def test_the_last_lines_reach_into_the_file_before(path: Path) -> None:
    write(path, "1\n2\n")
    put_aside(path)
    write(path, "3\n")
    with GrowingFile(path) as log:
        assert log.last(2) == ["2", "3"]
    with GrowingFile(path) as log:
        assert log.last(1) == ["3"]


def test_the_file_before_may_be_the_one_being_read(path: Path) -> None:
    """It is put aside between the two readings of one look."""
    write(path, "1\n")
    with GrowingFile(path) as log:
        assert log.more() == ["1"]
        put_aside(path)
        assert log._lines_before() == []


def test_bytes_that_are_no_text(path: Path) -> None:
    path.write_bytes(b"a\xff\n")
    with GrowingFile(path) as log:
        assert log.last(9) == ["a\ufffd"]


def test_what_cannot_be_read_is_an_error(path: Path) -> None:
    path.mkdir()
    with GrowingFile(path) as log, pytest.raises(StorageError, match="cannot read"):
        log.last(9)
